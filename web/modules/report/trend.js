/** How the number moved over the window. */
import { text } from "../language.js";
import { Chart, grid, label, line, scale, thinned, whisker } from "./chart.js";
import { draw, partsOf } from "./dom.js";
import { count, dayName, percent, range, shortDays, told } from "./figures.js";
import { tableBehind } from "./table.js";

const HEIGHT = 280;
const LEFT = 48;
const BOTTOM = 28;
const TOP = 12;
const STEP = 0.1;
const LABEL_WIDTH = 64;

export class Trend {
  #section;
  #parts;
  #chart;

  constructor(section) {
    this.#section = section;
    this.#parts = partsOf(section);
    this.#chart = new Chart(this.#parts.drawing);
  }

  show(report) {
    const known = report.trend.filter(({ best }) => best);
    this.#section.hidden = report.trend.length < 2 || known.length < 1;
    if (this.#section.hidden) return;
    this.#chart.show((width) => painted(report, known, width));
    this.#parts.table.replaceChildren(words(report.trend));
  }
}

function painted({ trend, accuracy }, known, width) {
  const floor = Math.max(0, Math.floor(Math.min(...known.map(({ best }) => best.low)) / STEP) * STEP);
  const x = scale([-0.5, trend.length - 0.5], [LEFT, width]);
  const y = scale([floor, 1], [HEIGHT - BOTTOM, TOP]);
  const places = trend.map((part, place) => ({ ...part, x: x(place) }));
  const mean = accuracy.best && line(LEFT, y(accuracy.best.value), width, y(accuracy.best.value), "mean");
  const shapes = [
    ...grid(steps(floor), y, [LEFT, width], percent),
    ...(mean ? [mean] : []),
    path(places, y),
    ...places.filter(({ best }) => best).map((part) => whisker(part.x, y, part.best, `${name(part)}: ${told(part.best)}`)),
    ...thinned(places, (width - LEFT) / LABEL_WIDTH).map(([part]) => label(dayName(part.from), part.x, HEIGHT - 6)),
  ];
  return { height: HEIGHT, shapes, label: summary(known) };
}

/** A line through what is known, broken where it is not. */
function path(places, y) {
  const moves = places.map(({ best, x }, place) => {
    if (!best) return "";
    return `${places[place - 1]?.best ? "L" : "M"}${x.toFixed(1)} ${y(best.value).toFixed(1)}`;
  });
  return draw("path", { d: moves.join(""), class: "course" });
}

function steps(floor) {
  const size = 1 - floor > 0.55 ? 0.2 : STEP;
  const found = [];
  for (let value = 1; value >= floor - 1e-9; value -= size) found.push(Math.round(value * 10) / 10);
  return found;
}

function summary(known) {
  const [first, last] = [known[0], known.at(-1)];
  const values = known.map(({ best }) => best.value);
  return text("trend.words", {
    first: name(first), from: percent(first.best.value), last: name(last), to: percent(last.best.value),
    low: percent(Math.min(...values)), high: percent(Math.max(...values)),
  });
}

function name({ from, to }) {
  return shortDays(from, to);
}

function words(trend) {
  const columns = [{ label: text("days") }, ...["right.share", "interval", "blind.labels"]
    .map((key) => ({ label: text(key), isNumber: true }))];
  const rows = trend.map(({ best, blind, ...part }) => [
    name(part), best ? percent(best.value) : "–", best ? range(best) : "–", count(blind?.labels ?? 0),
  ]);
  return tableBehind(text("as.table"), text("trend"), columns, rows);
}
