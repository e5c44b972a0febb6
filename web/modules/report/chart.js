/** Charts as wide as their container, with axes. Words and a table say the same. */
import { make, makeShape } from "../shared/dom.js";
import { Section } from "./section.js";

const LEAST_WIDTH = 240;

/** A section with a chart. */
export class ChartSection extends Section {
  #render;
  #width = 0;

  constructor(element) {
    super(element);
    new ResizeObserver(() => this.#fit()).observe(this.parts.drawing);
  }

  /** Draw by `render`, now and whenever the width changes: it gets the width and returns {height, label, shapes}. */
  draw(render) {
    this.#render = render;
    this.#width = 0;
    this.#fit();
  }

  #fit() {
    const { drawing } = this.parts;
    const width = Math.max(LEAST_WIDTH, Math.floor(drawing.clientWidth));
    if (!this.#render || !drawing.clientWidth || width === this.#width) return;
    this.#width = width;
    const { height, label, shapes } = this.#render(width);
    drawing.replaceChildren(makeShape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...shapes));
  }
}

/** A function from numbers of one range to those of another. */
export function scale([from, to], [start, end]) {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** Words in a chart. */
export function label(words, x, y, { anchor = "middle", name = "" } = {}) {
  return makeShape("text", { x, y, "text-anchor": anchor, class: name }, words);
}

/** A line. */
export function line(x1, y1, x2, y2, name) {
  return makeShape("line", { x1, y1, x2, y2, class: name });
}

/** Horizontal lines at these values, labelled at the left. */
export function grid(values, y, [left, right], format) {
  return values.flatMap((value) => [
    line(left, y(value), right, y(value), "grid"),
    label(format(value), left - 8, y(value) + 4, { anchor: "end" }),
  ]);
}

/** An estimate as a point on its interval; `title` appears under a mouse. */
export function whisker(x, y, { value, low, high }, title, radius = 4.5) {
  return makeShape(
    "g", { class: "whisker" },
    makeShape("title", {}, title),
    makeShape("line", { x1: x, x2: x, y1: y(low), y2: y(high) }),
    makeShape("circle", { cx: x, cy: y(value), r: radius }),
  );
}

/** [element, index] of every n-th and of the last: as many as `room` allows. */
export function thinned(list, room) {
  const step = Math.max(1, Math.ceil(list.length / Math.max(1, room)));
  return list.map((one, index) => [one, index]).filter(([, index]) => (list.length - 1 - index) % step === 0);
}

/** A share as a dot on its interval, for the eye only. */
export function intervalBar({ value, low, high }) {
  const bar = make("span", { className: "interval-bar", ariaHidden: "true" }, make("span"), make("i"));
  Object.entries({ value, low, high }).forEach(([name, share]) => bar.style.setProperty(`--${name}`, share));
  return bar;
}
