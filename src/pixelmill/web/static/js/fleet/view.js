// "Fleet": every pool with its instances, live.

import { Keyed, h, prose, setText } from "../shared/dom.js";
import { clock, span } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { listen, live } from "../shared/live.js";
import { Events } from "./events.js";
import { noteCalls, poolSection } from "./pool.js";
import { Tiles } from "./tiles.js";

export function fleet() {
  const tiles = new Tiles();
  const events = new Events();
  const place = h("div.pools");
  const pools = new Keyed(place, poolSection);
  const empty = h("div.empty", { role: "status" }, icon("fleet"), h("strong", {}, "Waiting for the orchestrator …"));
  const orchestrator = h("p.orchestrator");
  const element = h(
    "div.view.fleet",
    {},
    h("div.view-head", {}, h("h1", {}, "Fleet"), orchestrator),
    tiles.element,
    empty,
    h("div.fleet-body", {}, place, events.element),
  );
  let heard = 0;

  function draw() {
    const view = live.fleet;
    if (!view || element.hidden) return;
    const instances = view.pools.flatMap((pool) => pool.instances);
    empty.hidden = instances.length > 0;
    if (!instances.length) {
      const hint = h("p", {}, prose("`RESIZE_SERVICE_HOSTS` and its like name them."));
      empty.replaceChildren(icon("fleet"), h("strong", {}, "No worker is listed"), hint);
    }
    tiles.update(view, instances);
    pools.update(view.pools, ({ name }) => name);
    tell(view);
  }

  function tell({ orchestrator: { name, version, uptime_s: uptime }, placement, balancing }) {
    const isStale = live.state === "lost" || live.state === "locked";
    element.classList.toggle("stale", isStale);
    const now = `${name} ${version}, up ${span(uptime)} · ${placement} placement, ${balancing.replaceAll("_", " ")}`;
    setText(orchestrator, isStale ? `No answer since ${clock(heard)}: this is how it was then` : now);
  }

  listen("fleet", (view) => {
    heard = Date.now() / 1000;
    noteCalls(view.pools.flatMap((pool) => pool.instances));
    events.take(view);
    draw();
  });
  listen("state", () => live.fleet && tell(live.fleet));
  return { element, show: draw };
}
