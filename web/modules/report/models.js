/** Whose numbers these are where days hold several models, and both models beside each other. */
import { text } from "../language.js";
import { make } from "./dom.js";
import { change, count, moment, shortDays, told } from "./figures.js";
import { gauge } from "./gauge.js";

/** A sentence about the model that is judged; empty where it goes without saying. */
export function whose(report) {
  const all = limit(report, "all-models");
  if (all) return text("whose.all", { models: count(all.models) });
  const other = limit(report, "not-serving");
  if (other) return text("whose.former", other);
  const serving = !report.window.model && report.switch?.serving;
  if (!serving) return "";
  return serving.since ? text("whose.since", { model: serving.model, time: moment(serving.since) }) : text("whose", serving);
}

/** The answers as they were given, while a model that has just begun to serve has too few for a share; else null. */
export function few(report) {
  return !report.window.model && report.switch && limit(report, "few-labels") ? report.switch.serving.answers : null;
}

/** An item per model: the one that serves only where the headline is of both. */
export function besides({ switch: found, window }) {
  if (!found) return [];
  const { serving, replaced } = found;
  const shown = [[window.model && serving, "beside.serving"], [replaced, "beside.replaced"]];
  return shown.filter(([one]) => one).map(([one, name]) => item(one, name));
}

/** The difference on pictures that both judged; empty where nobody compared them. */
export function onPairs({ switch: found }) {
  if (!found?.paired) return "";
  const { value, low, high, labels } = found.paired.difference;
  const { serving, replaced } = found;
  const names = { model: serving.model, other: replaced.model };
  return text("beside.paired", { ...names, n: count(labels), value: change(value), low: change(low), high: change(high) });
}

function item({ model, from, to, best, answers }, name) {
  const days = from ? shortDays(from, to) : text("unknown");
  const words = text(name, { model, days, share: told(best), right: count(answers.right), of: count(answers.of) });
  return make("li", {}, make("span", {}, words), ...(best ? [gauge(best)] : []));
}

function limit({ limits = [] }, kind) {
  return limits.find((one) => one.kind === kind);
}
