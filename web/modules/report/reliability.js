/** Whether a confidence of 80 % is right in 80 of 100 cases. */
import { text } from "../language.js";
import { Chart, grid, label, line, scale, whisker } from "./chart.js";
import { draw, partsOf, say } from "./dom.js";
import { count, inPoints, percent, range, told } from "./figures.js";
import { tableBehind } from "./table.js";

const LEFT = 48;
const BOTTOM = 46;
const TOP = 26;
const HEIGHTS = [280, 420];
const FLATNESS = 0.78;
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];
const BARS = 36;

export class Reliability {
  #section;
  #parts;
  #chart;

  constructor(section) {
    this.#section = section;
    this.#parts = partsOf(section);
    this.#chart = new Chart(this.#parts.drawing);
  }

  show({ calibration }) {
    const known = calibration.bins.filter(({ accuracy, mean_confidence: mean }) => accuracy && mean !== null);
    this.#section.hidden = known.length === 0;
    if (this.#section.hidden) return;
    const error = calibration.expected_error;
    say(this.#parts.sentence, `${judged(known)} ${error === null ? "" : text("calibration.error", { n: inPoints(error) })}`.trim());
    this.#chart.show((width) => painted(calibration, known, width));
    this.#parts.table.replaceChildren(words(calibration.bins));
  }
}

/** Too sure, too modest, or neither, weighted by the predictions. */
function judged(known) {
  const all = known.reduce((total, { predictions }) => total + predictions, 0);
  const gap = known.reduce((total, one) => total + one.predictions * (one.mean_confidence - one.accuracy.value), 0) / all;
  const isShown = known.some(({ mean_confidence: mean, accuracy }) => (gap > 0 ? mean > accuracy.high : mean < accuracy.low));
  if (!isShown) return text("calibration.fine");
  return text(gap > 0 ? "calibration.bold" : "calibration.modest");
}

function painted({ bins, threshold }, known, width) {
  const height = Math.round(Math.min(HEIGHTS[1], Math.max(HEIGHTS[0], width * FLATNESS)));
  const x = scale([0, 1], [LEFT, width - 12]);
  const y = scale([0, 1], [height - BOTTOM, TOP]);
  const shapes = [
    ...grid(QUARTERS, y, [LEFT, width - 12], percent),
    ...QUARTERS.map((value) => label(percent(value), x(value), height - BOTTOM + 18, { anchor: value === 1 ? "end" : "middle" })),
    label(text("confidence"), (LEFT + width) / 2, height - 6, { name: "axis" }),
    ...crowd(bins, x, y),
    line(x(0), y(0), x(1), y(1), "ideal"),
    line(x(threshold), y(0), x(threshold), y(1), "threshold"),
    label(text("threshold"), x(threshold) - 8, y(1) - 10, { anchor: "end", name: "axis" }),
    draw("path", { d: `M${known.map((one) => `${x(one.mean_confidence)} ${y(one.accuracy.value)}`).join("L")}`, class: "course" }),
    ...known.map((one) => whisker(x(one.mean_confidence), y, one.accuracy, hint(one))),
  ];
  return { height, shapes, label: summary(known) };
}

/** How many predictions there are of each confidence. */
function crowd(bins, x, y) {
  const most = Math.max(...bins.map(({ predictions }) => predictions));
  return bins.filter(({ predictions }) => predictions).map(({ from, to, predictions }) => {
    const height = Math.max(1, (predictions / most) * BARS);
    return draw("rect", { x: x(from) + 1, y: y(0) - height, width: x(to) - x(from) - 2, height, class: "crowd" });
  });
}

function hint({ from, to, accuracy, predictions }) {
  return `${percent(from)}–${percent(to)}: ${told(accuracy)}, ${text("predictions.n", { n: count(predictions) })}`;
}

function summary(known) {
  const parts = known.map((one) => text("calibration.point", {
    confidence: percent(one.mean_confidence), share: percent(one.accuracy.value),
  }));
  return `${text("calibration")}. ${parts.join("; ")}.`;
}

function words(bins) {
  const columns = [{ label: text("confidence") }, ...["predictions", "confidence.mean", "right.share", "interval", "labels"]
    .map((key) => ({ label: text(key), isNumber: true }))];
  const rows = bins.map(({ from, to, predictions, mean_confidence: mean, accuracy }) => [
    `${percent(from)}–${percent(to)}`, count(predictions), mean === null ? "–" : percent(mean),
    accuracy ? percent(accuracy.value) : "–", accuracy ? range(accuracy) : "–", count(accuracy?.labels ?? 0),
  ]);
  return tableBehind(text("as.table"), text("calibration"), columns, rows);
}
