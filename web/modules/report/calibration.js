/** The reliability diagram: whether a confidence of 80 % is right in 80 of 100 cases. */
import { makeShape, setText } from "../shared/dom.js";
import { text } from "../shared/language.js";
import { ChartSection, grid, label, line, scale, whisker } from "./chart.js";
import { count, estimateText, intervalText, percent, points } from "./format.js";
import { tableBehind } from "./table.js";

const LEFT = 48;
const BOTTOM = 46;
const TOP = 26;
const HEIGHTS = [280, 420];
const ASPECT = 0.78;
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];
const HISTOGRAM_HEIGHT = 36;

export class Calibration extends ChartSection {
  show({ calibration }) {
    const known = calibration.bins.filter(({ accuracy, mean_confidence: mean }) => accuracy && mean !== null);
    this.element.hidden = known.length === 0;
    if (this.element.hidden) return;
    const error = calibration.expected_error;
    const errorText = error === null ? "" : text("calibration.error", { n: points(error) });
    setText(this.parts.sentence, `${judgement(known)} ${errorText}`.trim());
    this.draw((width) => diagram(calibration, known, width));
    this.parts.table.replaceChildren(tableOf(calibration.bins));
  }
}

/** Overconfident, underconfident, or neither, weighted by the predictions. */
function judgement(known) {
  const all = known.reduce((total, { predictions }) => total + predictions, 0);
  const gap = known.reduce((total, one) => total + one.predictions * (one.mean_confidence - one.accuracy.value), 0) / all;
  const isProven = known.some(({ mean_confidence: mean, accuracy }) => (gap > 0 ? mean > accuracy.high : mean < accuracy.low));
  if (!isProven) return text("calibration.fine");
  return text(gap > 0 ? "calibration.over" : "calibration.under");
}

function diagram({ bins, threshold }, known, width) {
  const height = Math.round(Math.min(HEIGHTS[1], Math.max(HEIGHTS[0], width * ASPECT)));
  const x = scale([0, 1], [LEFT, width - 12]);
  const y = scale([0, 1], [height - BOTTOM, TOP]);
  const shapes = [
    ...grid(QUARTERS, y, [LEFT, width - 12], percent),
    ...QUARTERS.map((value) => label(percent(value), x(value), height - BOTTOM + 18, { anchor: value === 1 ? "end" : "middle" })),
    label(text("confidence"), (LEFT + width) / 2, height - 6, { name: "axis" }),
    ...histogram(bins, x, y),
    line(x(0), y(0), x(1), y(1), "ideal"),
    line(x(threshold), y(0), x(threshold), y(1), "threshold"),
    label(text("threshold"), x(threshold) - 8, y(1) - 10, { anchor: "end", name: "axis" }),
    makeShape("path", { d: `M${known.map((one) => `${x(one.mean_confidence)} ${y(one.accuracy.value)}`).join("L")}`, class: "curve" }),
    ...known.map((one) => whisker(x(one.mean_confidence), y, one.accuracy, binText(one))),
  ];
  return { height, shapes, label: summary(known) };
}

/** How many predictions there are of each confidence. */
function histogram(bins, x, y) {
  const most = Math.max(...bins.map(({ predictions }) => predictions));
  return bins.filter(({ predictions }) => predictions).map(({ from, to, predictions }) => {
    const height = Math.max(1, (predictions / most) * HISTOGRAM_HEIGHT);
    return makeShape("rect", { x: x(from) + 1, y: y(0) - height, width: x(to) - x(from) - 2, height, class: "histogram" });
  });
}

function binText({ from, to, accuracy, predictions }) {
  return `${percent(from)}–${percent(to)}: ${estimateText(accuracy)}, ${text("predictions.n", { n: count(predictions) })}`;
}

function summary(known) {
  const parts = known.map((one) => text("calibration.point", {
    confidence: percent(one.mean_confidence), share: percent(one.accuracy.value),
  }));
  return `${text("calibration")}. ${parts.join("; ")}.`;
}

function tableOf(bins) {
  const columns = [{ label: text("confidence") }, ...["predictions", "confidence.mean", "accuracy", "interval", "labels"]
    .map((key) => ({ label: text(key), isNumber: true }))];
  const rows = bins.map(({ from, to, predictions, mean_confidence: mean, accuracy }) => [
    `${percent(from)}–${percent(to)}`, count(predictions), mean === null ? "–" : percent(mean),
    accuracy ? percent(accuracy.value) : "–", accuracy ? intervalText(accuracy) : "–", count(accuracy?.labels ?? 0),
  ]);
  return tableBehind(text("calibration"), columns, rows);
}
