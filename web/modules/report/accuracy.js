/** The accuracy first, in words, with its interval and whether it got better. */
import { make, setText } from "../shared/dom.js";
import { classText, text } from "../shared/language.js";
import { intervalBar } from "./chart.js";
import { bounds, count, estimateText, ofHundred, shortDaysText, signedPoints } from "./format.js";
import { fewAnswers, judgedModelText, modelItems, pairedText } from "./model-switch.js";
import { Section } from "./section.js";

const MISSING_STEPS = { "no-model": 2, "no-predictions": 3, "open-day": 2, "no-labels": 3 };

export class Accuracy extends Section {
  show(report) {
    const { best } = report.accuracy;
    this.parts.known.hidden = !best;
    this.parts.missing.hidden = Boolean(best);
    setText(this.parts.judged, judgedModelText(report));
    if (best) this.#showKnown(report);
    else this.#showMissing(report);
    this.parts.beside.hidden = !report.switch;
    this.parts.models.replaceChildren(...modelItems(report));
    setText(this.parts.paired, pairedText(report));
  }

  #showKnown(report) {
    const { best, blind, worst_case: low, best_case: high } = report.accuracy;
    const [right, rest] = accuracyText(report);
    setText(this.parts.right, right);
    setText(this.parts.rest, rest);
    setText(this.parts.interval, confidenceInterval(report));
    this.parts.bar.replaceChildren(intervalBar(best));
    setText(this.parts.method, methodText(report.accuracy));
    setText(this.parts.blind, blind && text("blind", { share: estimateText(blind), n: count(blind.labels) }));
    setText(this.parts.cases, missingText(report.accuracy.missing, low, high));
    this.#showChange(report.change);
  }

  #showMissing(report) {
    const { heading, steps } = emptyState(report);
    setText(this.parts.heading, heading);
    this.parts.steps.replaceChildren(...steps.map((step) => make("li", {}, step)));
  }

  #showChange({ previous, difference }) {
    const direction = directionOf(difference);
    this.parts.change.dataset.direction = direction;
    setText(this.parts.direction, text(`change.${direction}`));
    const days = shortDaysText(previous.from, previous.to);
    const window = previous.model ? text("change.replaced", { model: previous.model, window: days }) : days;
    const { value, low, high } = difference ?? {};
    const values = difference && { value: signedPoints(value), low: signedPoints(low), high: signedPoints(high) };
    setText(this.parts.difference, text(difference ? "change.detail" : "change.none", { ...values, window }));
  }
}

/** The accuracy as a sentence that is read out. */
export function accuracySentence(report) {
  const { best } = report.accuracy;
  const sentence = best ? `${accuracyText(report).join(" ")}; ${confidenceInterval(report)}` : emptyState(report).heading;
  return [sentence, judgedModelText(report)].filter(Boolean).map((part) => `${part}.`).join(" ");
}

/** The number and what it counts: a share, or of few answers how many. */
function accuracyText(report) {
  const few = fewAnswers(report);
  if (few) return [text("few", { right: count(few.right), of: count(few.of) }), text("few.rest")];
  const name = report.window.class;
  const rest = name ? text("right.class", { class: classText(name) }) : text("right.rest");
  return [text("right", { n: ofHundred(report.accuracy.best.value) }), rest];
}

function confidenceInterval(report) {
  return text(fewAnswers(report) ? "confidence-interval.few" : "confidence-interval", bounds(report.accuracy.best));
}

function directionOf(difference) {
  if (!difference) return "unknown";
  if (difference.low > 0) return "better";
  return difference.high < 0 ? "worse" : "same";
}

function methodText({ labels }) {
  const values = { blind: count(labels.blind), unsure: count(labels.low_confidence) };
  return text(labels.low_confidence ? "method.both" : "method.blind", values);
}

/** What answers without a class could change; empty where there are none. */
function missingText(missing, low, high) {
  if (!Object.values(missing).some((number) => number > 0)) return "";
  const n = missing.unclear + missing.skipped + missing.disputed;
  return text("cases", { n, count: count(n), low: ofHundred(low), high: ofHundred(high) });
}

/** Why the accuracy is not known yet, and what to do about it: {heading, steps}. */
function emptyState({ model, predictions, window }) {
  const isOpen = window.open_day && window.days === 1;
  const kind = !model ? "no-model" : !predictions.total ? "no-predictions" : isOpen ? "open-day" : "no-labels";
  const steps = Array.from({ length: MISSING_STEPS[kind] }, (_, index) => text(`${kind}.${index + 1}`));
  return { heading: text(kind), steps };
}
