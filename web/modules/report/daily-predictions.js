/** Predictions per day, and how many of them had low confidence. */
import { makeShape, setText } from "../shared/dom.js";
import { text } from "../shared/language.js";
import { ChartSection, grid, label, scale, thinned } from "./chart.js";
import { count, dayText, percent } from "./format.js";
import { table, tableBehind } from "./table.js";

const HEIGHT = 220;
const LEFT = 56;
const BOTTOM = 28;
const TOP = 12;
const LABEL_WIDTH = 56;
const MOST_BAR_WIDTH = 44;
const AXIS_STEPS = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10, 20];

export class DailyPredictions extends ChartSection {
  show({ predictions }) {
    const { total, low_confidence: low, by_day: days, by_model: models } = predictions;
    this.element.hidden = total === 0;
    if (this.element.hidden) return;
    setText(this.parts.sentence, text("daily.words", { n: count(total), share: percent(low / total) }));
    this.draw((width) => bars(days, width));
    const rows = days.map((one) => ({ ...one, name: dayText(one.day) }));
    this.parts.table.replaceChildren(tableOf(text("days"), rows, tableBehind));
    this.parts.models.hidden = models.length < 2;
    this.parts.models.replaceChildren(tableOf(text("model"), models.map((one) => ({ ...one, name: one.model })), table));
  }
}

function bars(days, width) {
  const top = roundUp(Math.max(...days.map(({ total }) => total)));
  const x = scale([-0.5, days.length - 0.5], [LEFT, width]);
  const y = scale([0, top], [HEIGHT - BOTTOM, TOP]);
  const size = Math.min(MOST_BAR_WIDTH, Math.max(1, (width - LEFT) / days.length * 0.7));
  const shapes = [
    ...grid([0, top / 2, top], y, [LEFT, width], (value) => count(Math.round(value))),
    ...days.flatMap((day, index) => bar(day, x(index) - size / 2, y, size)),
    ...thinned(days, (width - LEFT) / LABEL_WIDTH).map(([{ day }, index]) => label(dayText(day), x(index), HEIGHT - 6)),
  ];
  return { height: HEIGHT, shapes, label: summary(days) };
}

/** One day: low confidence below, the rest above. */
function bar({ day, total, low_confidence: low }, x, y, width) {
  const part = (from, to, name) => makeShape(
    "rect", { x, y: y(to), width, height: Math.max(0, y(from) - y(to)), class: name },
    makeShape("title", {}, text("daily.day", { day: dayText(day), n: count(total), low: count(low) })),
  );
  return [part(0, low, "unsure"), part(low, total, "sure")];
}

/** The next round number that can be halved. */
function roundUp(most) {
  const size = 10 ** Math.floor(Math.log10(Math.max(most, 2)));
  return AXIS_STEPS.map((times) => times * size).find((number) => number >= most && number % 2 === 0);
}

function summary(days) {
  const totals = days.map(({ total }) => total);
  const [low, high] = [Math.min(...totals), Math.max(...totals)];
  return text(low === high ? "daily.same" : "daily.summary", { low: count(low), high: count(high) });
}

/** A row per day or model, made by `build`: table or tableBehind. */
function tableOf(heading, rows, build) {
  const columns = [{ label: heading }, ...["predictions", "unsure", "unsure.share"].map((key) => ({ label: text(key), isNumber: true }))];
  return build(text("daily"), columns, rows.map(({ name, total, low_confidence: low }) => [
    name, count(total), count(low), total ? percent(low / total) : "–",
  ]));
}
