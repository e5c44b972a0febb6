/** Predictions per day, and how many of them the model was unsure about. */
import { text } from "../language.js";
import { Chart, grid, label, scale, thinned } from "./chart.js";
import { draw, partsOf, say } from "./dom.js";
import { count, dayName, percent } from "./figures.js";
import { table, tableBehind } from "./table.js";

const HEIGHT = 220;
const LEFT = 56;
const BOTTOM = 28;
const TOP = 12;
const LABEL_WIDTH = 56;
const WIDEST = 44;
const ROUND = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10, 20];

export class Daily {
  #section;
  #parts;
  #chart;

  constructor(section) {
    this.#section = section;
    this.#parts = partsOf(section);
    this.#chart = new Chart(this.#parts.drawing);
  }

  show({ predictions }) {
    const { total, low_confidence: low, by_day: days, by_model: models } = predictions;
    this.#section.hidden = total === 0;
    if (this.#section.hidden) return;
    say(this.#parts.sentence, text("daily.words", { n: count(total), share: percent(low / total) }));
    this.#chart.show((width) => painted(days, width));
    this.#parts.table.replaceChildren(words(text("days"), days.map((one) => ({ ...one, name: dayName(one.day) })), tableBehindIt));
    this.#parts.models.hidden = models.length < 2;
    this.#parts.models.replaceChildren(words(text("model"), models.map((one) => ({ ...one, name: one.model })), table));
  }
}

function painted(days, width) {
  const top = ceiling(Math.max(...days.map(({ total }) => total)));
  const x = scale([-0.5, days.length - 0.5], [LEFT, width]);
  const y = scale([0, top], [HEIGHT - BOTTOM, TOP]);
  const size = Math.min(WIDEST, Math.max(1, (width - LEFT) / days.length * 0.7));
  const shapes = [
    ...grid([0, top / 2, top], y, [LEFT, width], (value) => count(Math.round(value))),
    ...days.flatMap((day, place) => bars(day, x(place) - size / 2, y, size)),
    ...thinned(days, (width - LEFT) / LABEL_WIDTH).map(([{ day }, place]) => label(dayName(day), x(place), HEIGHT - 6)),
  ];
  return { height: HEIGHT, shapes, label: summary(days) };
}

function bars({ day, total, low_confidence: low }, x, y, width) {
  const bar = (from, to, name) => draw(
    "rect", { x, y: y(to), width, height: Math.max(0, y(from) - y(to)), class: name },
    draw("title", {}, text("daily.day", { day: dayName(day), n: count(total), low: count(low) })),
  );
  return [bar(0, low, "unsure"), bar(low, total, "sure")];
}

/** The next round number that halves. */
function ceiling(most) {
  const size = 10 ** Math.floor(Math.log10(Math.max(most, 2)));
  return ROUND.map((times) => times * size).find((number) => number >= most && number % 2 === 0);
}

function summary(days) {
  const totals = days.map(({ total }) => total);
  const [low, high] = [Math.min(...totals), Math.max(...totals)];
  return text(low === high ? "daily.same" : "daily.summary", { low: count(low), high: count(high) });
}

function words(first, rows, tabled) {
  const columns = [{ label: first }, ...["predictions", "unsure", "unsure.share"].map((key) => ({ label: text(key), isNumber: true }))];
  return tabled(text("daily"), columns, rows.map(({ name, total, low_confidence: low }) => [
    name, count(total), count(low), total ? percent(low / total) : "–",
  ]));
}

function tableBehindIt(...facts) {
  return tableBehind(text("as.table"), ...facts);
}
