/** Whose numbers these are where days hold several models, and both models beside each other. */
import { make } from "../shared/dom.js";
import { text } from "../shared/language.js";
import { intervalBar } from "./chart.js";
import { count, dateTimeText, estimateText, shortDaysText, signedPoints } from "./format.js";

/** A sentence about the model that is judged; empty where it goes without saying. */
export function judgedModelText(report) {
  const all = limit(report, "all-models");
  if (all) return text("judged.all", { models: count(all.models) });
  const other = limit(report, "not-serving");
  if (other) return text("judged.former", other);
  const serving = !report.window.model && report.switch?.serving;
  if (!serving) return "";
  return serving.since ? text("judged.since", { model: serving.model, time: dateTimeText(serving.since) }) : text("judged", serving);
}

/** {right, of}: the blind answers of a new model while they are too few for a share; else null. */
export function fewAnswers(report) {
  return !report.window.model && report.switch && limit(report, "few-labels") ? report.switch.serving.answers : null;
}

/** A list item per model: the one that serves only where the accuracy is of several. */
export function modelItems({ switch: modelSwitch, window }) {
  if (!modelSwitch) return [];
  const models = [[window.model && modelSwitch.serving, "beside.serving"], [modelSwitch.replaced, "beside.replaced"]];
  return models.filter(([model]) => model).map(([model, name]) => item(model, name));
}

/** The difference on pictures that both judged; empty where nobody compared them. */
export function pairedText({ switch: modelSwitch }) {
  if (!modelSwitch?.paired) return "";
  const { value, low, high, labels } = modelSwitch.paired.difference;
  const { serving, replaced } = modelSwitch;
  const names = { model: serving.model, other: replaced.model };
  return text("beside.paired", {
    ...names, n: count(labels), value: signedPoints(value), low: signedPoints(low), high: signedPoints(high),
  });
}

function item({ model, from, to, best, answers }, name) {
  const days = from ? shortDaysText(from, to) : text("unknown");
  const values = { model, days, share: estimateText(best), right: count(answers.right), of: count(answers.of) };
  return make("li", {}, make("span", {}, text(name, values)), ...(best ? [intervalBar(best)] : []));
}

function limit({ limits = [] }, kind) {
  return limits.find((one) => one.kind === kind);
}
