// Moves the items of a list: by dragging their grip, or with the arrow keys on it.

/**
 * @param {HTMLElement} list whose children have a `.grip` each
 * @param {(from: number, to: number) => void} move
 */
export function sortable(list, move) {
  list.addEventListener("keydown", (event) => {
    const item = gripped(event);
    if (!item) return;
    const from = placeOf(list, item);
    const to = { ArrowUp: from - 1, ArrowDown: from + 1, Home: 0, End: list.children.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to !== from && to >= 0 && to < list.children.length) move(from, to);
  });
  list.addEventListener("pointerdown", (event) => {
    const item = gripped(event);
    if (item && event.button === 0) drag(list, item, event, move);
  });
}

function drag(list, item, start, move) {
  start.preventDefault();
  const grip = /** @type {HTMLElement} */ (start.target).closest(".grip");
  grip?.setPointerCapture(start.pointerId);
  grip?.focus();
  const items = [.../** @type {HTMLCollectionOf<HTMLElement>} */ (list.children)];
  const from = items.indexOf(item);
  // Where all are before any moves: they are moved by transforms only, until it is let go.
  const boxes = items.map((one) => one.getBoundingClientRect());
  const gap = items.length > 1 ? boxes[1].top - boxes[0].bottom : 0;
  const scrolled = scrollY;
  let to = from;
  list.classList.add("dragging");
  item.classList.add("dragged");

  const follow = (event) => {
    const by = event.clientY - start.clientY + scrollY - scrolled;
    const middle = boxes[from].top + boxes[from].height / 2 + by;
    to = items.filter((_, other) => other !== from && boxes[other].top + boxes[other].height / 2 < middle).length;
    const room = boxes[from].height + gap;
    items.forEach((one, other) => {
      const shift = other > from && other <= to ? -room : other < from && other >= to ? room : 0;
      one.style.transform = `translateY(${one === item ? by : shift}px)`;
    });
  };
  const end = (event) => {
    grip?.removeEventListener("pointermove", follow);
    grip?.removeEventListener("pointerup", end);
    grip?.removeEventListener("pointercancel", end);
    removeEventListener("keydown", cancel);
    list.classList.remove("dragging");
    item.classList.remove("dragged");
    for (const one of items) one.style.transform = "";
    if (event.type === "pointerup" && to !== from) move(from, to);
  };
  const cancel = (event) => {
    if (event.key === "Escape") end(event);
  };
  grip?.addEventListener("pointermove", follow);
  grip?.addEventListener("pointerup", end);
  grip?.addEventListener("pointercancel", end);
  addEventListener("keydown", cancel);
}

function gripped(event) {
  const grip = event.target.closest(".grip");
  return grip ? /** @type {HTMLElement} */ (grip.closest("li")) : null;
}

const placeOf = (list, item) => [...list.children].indexOf(item);
