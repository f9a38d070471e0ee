// One pool: its instances, and how evenly its calls are spread over them.

import { Keyed, h, setText, setVars } from "../shared/dom.js";
import { count, figure, percent, plural, title } from "../shared/format.js";
import { Recent, evenness } from "./balance.js";
import { card } from "./card.js";

const SPARK_LOOKS = 60;
const DENSE = 24;
/** Calls of an instance: of fewer, how they are spread says nothing. */
const ENOUGH = 10;
const recent = new Recent();

/** @returns {{element: HTMLElement, update: (pool: any) => void}} */
export function poolSection({ name }) {
  const id = `pool-${name}`;
  const told = h("p.pool-told");
  const even = h("p.evenness");
  const bar = h("div.shares", { "aria-hidden": "true" });
  const list = h("ul.cards", { "aria-label": `Instances of ${name}` });
  const shares = new Keyed(bar, share);
  const cards = new Keyed(list, card);
  return {
    element: h(
      "section.pool",
      { "aria-labelledby": id, dataset: { pool: name } },
      h("div.pool-head", {}, h("h2", { id }, title(name)), told, even),
      bar,
      list,
    ),
    update(pool) {
      const items = pool.instances.map((instance) => {
        const key = keyOf(instance);
        const [rate, rates] = [recent.rate(key), recent.rates(key, SPARK_LOOKS)];
        return { instance, key, rate, rates, calls: recent.calls(key) };
      });
      const serving = items.filter(({ instance }) => instance.state === "healthy");
      const lately = serving.reduce((sum, { calls }) => sum + calls, 0) >= ENOUGH * serving.length;
      const of = (item) => (lately ? item.calls : item.instance.calls);
      const sum = serving.reduce((total, item) => total + of(item), 0);
      const part = (item) => (sum ? of(item) / sum : 1 / serving.length);
      shares.update(serving.map((item) => ({ ...item, share: part(item), amount: of(item) })), ({ key }) => key);
      list.classList.toggle("dense", items.length > DENSE);
      cards.update(items, ({ key }) => key);
      setText(told, summary(items, serving));
      even.hidden = serving.length < 2 || !sum;
      spread(even, serving.map(of), lately ? "in the last minute" : "since they started");
    },
  };
}

/** Take note of what all have answered so far; also while they are not shown. @param {any[]} instances */
export function noteCalls(instances) {
  const now = performance.now() / 1000;
  for (const instance of instances) if (instance.state !== "down") recent.add(keyOf(instance), instance.calls, now);
}

/** What tells one instance from another. */
export const keyOf = (instance) => `${instance.pool} ${instance.address}`;

function summary(items, serving) {
  const rate = items.reduce((total, item) => total + (item.instance.state === "down" ? 0 : item.rate), 0);
  const all = serving.length === items.length;
  const some = all ? `${plural(items.length, "instance")}, all healthy` : `${serving.length} of ${items.length} healthy`;
  return `${some} · ${figure(rate)} calls/s`;
}

function spread(place, amounts, when) {
  const sum = amounts.reduce((total, amount) => total + amount, 0);
  const range = `${count(Math.min(...amounts, Infinity))} to ${count(Math.max(...amounts, 0))} each`;
  setText(place, `evenness ${percent(evenness(amounts))}`);
  place.title = `${count(sum)} calls ${when}, ${range}; 100 %: all alike (Jain's index)`;
}

function share() {
  const element = h("span.part");
  return {
    element,
    update({ instance, share: part, amount }) {
      setVars(element, { share: part });
      element.title = `${instance.name}: ${percent(part)}, ${plural(amount, "call")}`;
      setText(element, part > 0.09 ? instance.name : "");
    },
  };
}
