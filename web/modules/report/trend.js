/** The accuracy over the days of the report. */
import { makeShape, setText } from "../shared/dom.js";
import { text } from "../shared/language.js";
import { ChartSection, grid, label, line, scale, thinned, whisker } from "./chart.js";
import { count, dayText, estimateText, intervalText, percent, shortDaysText } from "./format.js";
import { tableBehind } from "./table.js";

const HEIGHT = 280;
const LEFT = 48;
const BOTTOM = 28;
const TOP = 12;
const STEP = 0.1;
const LABEL_WIDTH = 64;

export class Trend extends ChartSection {
  show(report) {
    const replaced = replacedModel(report);
    this.element.hidden = report.trend.length < 2 || known(report.trend, replaced?.trend).length < 1;
    if (this.element.hidden) return;
    setText(this.parts.replaced, replaced && text("trend.replaced", replaced));
    this.draw((width) => curves(report, replaced, width));
    this.parts.table.replaceChildren(tableOf(report.trend, replaced));
  }
}

/** The model that was replaced, where only the active one is judged and both answered. */
function replacedModel({ window, switch: modelSwitch }) {
  return !window.model && modelSwitch?.replaced && known(modelSwitch.replaced.trend).length ? modelSwitch.replaced : null;
}

function known(...trends) {
  return trends.flatMap((trend) => (trend ?? []).filter(({ best }) => best));
}

function curves({ trend, accuracy }, replaced, width) {
  const lowest = Math.min(...known(trend, replaced?.trend).map(({ best }) => best.low));
  const floor = Math.max(0, Math.floor(lowest / STEP) * STEP);
  const x = scale([-0.5, trend.length - 0.5], [LEFT, width]);
  const y = scale([floor, 1], [HEIGHT - BOTTOM, TOP]);
  const positioned = (parts) => parts.map((part, index) => ({ ...part, x: x(index) }));
  const parts = positioned(trend);
  const mean = accuracy.best && line(LEFT, y(accuracy.best.value), width, y(accuracy.best.value), "mean");
  const shapes = [
    ...grid(axisValues(floor), y, [LEFT, width], percent),
    ...(mean ? [mean] : []),
    ...(replaced ? [makeShape("g", { class: "replaced" }, ...curve(positioned(replaced.trend), y))] : []),
    ...curve(parts, y),
    ...thinned(parts, (width - LEFT) / LABEL_WIDTH).map(([part]) => label(dayText(part.from), part.x, HEIGHT - 6)),
  ];
  return { height: HEIGHT, shapes, label: summary(trend, replaced) };
}

/** A line through what is known, broken where nothing is; and each part's interval. */
function curve(parts, y) {
  const moves = parts.map(({ best, x }, index) => {
    if (!best) return "";
    return `${parts[index - 1]?.best ? "L" : "M"}${x.toFixed(1)} ${y(best.value).toFixed(1)}`;
  });
  const path = makeShape("path", { d: moves.join(""), class: "curve" });
  return [path, ...known(parts).map((part) => whisker(part.x, y, part.best, `${daysOf(part)}: ${estimateText(part.best)}`))];
}

function axisValues(floor) {
  const step = 1 - floor > 0.55 ? 0.2 : STEP;
  const values = [];
  for (let value = 1; value >= floor - 1e-9; value -= step) values.push(Math.round(value * 10) / 10);
  return values;
}

function summary(trend, replaced) {
  const own = known(trend).length ? inWords(known(trend)) : text("trend.none");
  if (!replaced) return own;
  return `${own} ${text("trend.replaced.words", { model: replaced.model, words: inWords(known(replaced.trend)) })}`;
}

function inWords(parts) {
  const [first, last] = [parts[0], parts.at(-1)];
  const values = parts.map(({ best }) => best.value);
  return text("trend.words", {
    first: daysOf(first), from: percent(first.best.value), last: daysOf(last), to: percent(last.best.value),
    low: percent(Math.min(...values)), high: percent(Math.max(...values)),
  });
}

function daysOf({ from, to }) {
  return shortDaysText(from, to);
}

function tableOf(trend, replaced) {
  const columns = [{ label: text("days") }, ...["accuracy", "interval", "blind.labels"]
    .map((key) => ({ label: text(key), isNumber: true })), ...(replaced ? [{ label: replaced.model, isNumber: true }] : [])];
  const rows = trend.map(({ best, blind, ...part }, index) => [
    daysOf(part), best ? percent(best.value) : "–", best ? intervalText(best) : "–", count(blind?.labels ?? 0),
    ...(replaced ? [estimateText(replaced.trend[index].best)] : []),
  ]);
  return tableBehind(text("trend"), columns, rows);
}
