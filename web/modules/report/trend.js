/** How the number moved over the window. */
import { text } from "../language.js";
import { Chart, grid, label, line, scale, thinned, whisker } from "./chart.js";
import { draw, partsOf, say } from "./dom.js";
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
    const former = formerOf(report);
    this.#section.hidden = report.trend.length < 2 || known(report.trend, former?.trend).length < 1;
    if (this.#section.hidden) return;
    say(this.#parts.former, former && text("trend.former", former));
    this.#chart.show((width) => painted(report, former, width));
    this.#parts.table.replaceChildren(words(report.trend, former));
  }
}

/** The model that was replaced, where only the one that serves is judged and both are seen in these days. */
function formerOf({ window, switch: found }) {
  return !window.model && found?.replaced && known(found.replaced.trend).length ? found.replaced : null;
}

function known(...trends) {
  return trends.flatMap((trend) => (trend ?? []).filter(({ best }) => best));
}

function painted({ trend, accuracy }, former, width) {
  const lowest = Math.min(...known(trend, former?.trend).map(({ best }) => best.low));
  const floor = Math.max(0, Math.floor(lowest / STEP) * STEP);
  const x = scale([-0.5, trend.length - 0.5], [LEFT, width]);
  const y = scale([floor, 1], [HEIGHT - BOTTOM, TOP]);
  const placed = (parts) => parts.map((part, place) => ({ ...part, x: x(place) }));
  const places = placed(trend);
  const mean = accuracy.best && line(LEFT, y(accuracy.best.value), width, y(accuracy.best.value), "mean");
  const shapes = [
    ...grid(steps(floor), y, [LEFT, width], percent),
    ...(mean ? [mean] : []),
    ...(former ? [draw("g", { class: "former" }, ...course(placed(former.trend), y))] : []),
    ...course(places, y),
    ...thinned(places, (width - LEFT) / LABEL_WIDTH).map(([part]) => label(dayName(part.from), part.x, HEIGHT - 6)),
  ];
  return { height: HEIGHT, shapes, label: summary(trend, former) };
}

function course(places, y) {
  return [path(places, y), ...known(places).map((part) => whisker(part.x, y, part.best, `${name(part)}: ${told(part.best)}`))];
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

function summary(trend, former) {
  const own = known(trend).length ? inWords(known(trend)) : text("trend.none");
  return former ? `${own} ${text("trend.former.words", { model: former.model, words: inWords(known(former.trend)) })}` : own;
}

function inWords(parts) {
  const [first, last] = [parts[0], parts.at(-1)];
  const values = parts.map(({ best }) => best.value);
  return text("trend.words", {
    first: name(first), from: percent(first.best.value), last: name(last), to: percent(last.best.value),
    low: percent(Math.min(...values)), high: percent(Math.max(...values)),
  });
}

function name({ from, to }) {
  return shortDays(from, to);
}

function words(trend, former) {
  const columns = [{ label: text("days") }, ...["right.share", "interval", "blind.labels"]
    .map((key) => ({ label: text(key), isNumber: true })), ...(former ? [{ label: former.model, isNumber: true }] : [])];
  const rows = trend.map(({ best, blind, ...part }, place) => [
    name(part), best ? percent(best.value) : "–", best ? range(best) : "–", count(blind?.labels ?? 0),
    ...(former ? [told(former.trend[place].best)] : []),
  ]);
  return tableBehind(text("as.table"), text("trend"), columns, rows);
}
