/** Drawings as wide as their place, with axes. What they show is always told in words and in a table as well. */
import { draw } from "./dom.js";

const LEAST = 240;

/** Draws again when the width changes. `paint` gets the width and returns {height, label, shapes}. */
export class Chart {
  #place;
  #paint;
  #width = 0;

  constructor(place) {
    this.#place = place;
    new ResizeObserver(() => this.#fit()).observe(place);
  }

  /** Show it by this way of painting from now on. */
  show(paint) {
    this.#paint = paint;
    this.#width = 0;
    this.#fit();
  }

  #fit() {
    const width = Math.max(LEAST, Math.floor(this.#place.clientWidth));
    if (!this.#paint || !this.#place.clientWidth || width === this.#width) return;
    this.#width = width;
    const { height, label, shapes } = this.#paint(width);
    const drawing = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...shapes);
    this.#place.replaceChildren(drawing);
  }
}

/** Numbers from one range to places in another. */
export function scale([from, to], [start, end]) {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** Words in a drawing. */
export function label(words, x, y, { anchor = "middle", name = "" } = {}) {
  return draw("text", { x, y, "text-anchor": anchor, class: name }, words);
}

/** A line. */
export function line(x1, y1, x2, y2, name) {
  return draw("line", { x1, y1, x2, y2, class: name });
}

/** Horizontal lines at these values, named at the left. */
export function grid(values, y, [left, right], named) {
  return values.flatMap((value) => [
    line(left, y(value), right, y(value), "grid"),
    label(named(value), left - 8, y(value) + 4, { anchor: "end" }),
  ]);
}

/** An estimate as a point in its interval; `title` is seen under a mouse. */
export function whisker(x, y, { value, low, high }, title, radius = 4.5) {
  return draw(
    "g", { class: "whisker" },
    draw("title", {}, title),
    draw("line", { x1: x, x2: x, y1: y(low), y2: y(high) }),
    draw("circle", { cx: x, cy: y(value), r: radius }),
  );
}

/** Every n-th, so that so many have room. */
export function thinned(list, room) {
  const step = Math.max(1, Math.ceil(list.length / Math.max(1, room)));
  return list.map((one, place) => [one, place]).filter(([, place]) => (list.length - 1 - place) % step === 0);
}
