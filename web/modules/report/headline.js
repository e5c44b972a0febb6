/** The number first, in words, with how sure it is and whether it got better. */
import { called, text } from "../language.js";
import { partsOf, say } from "./dom.js";
import { bounds, change, count, ofHundred, shortDays, told } from "./figures.js";
import { gauge } from "./gauge.js";
import { missing } from "./missing.js";

export class Headline {
  #parts;

  constructor(section) {
    this.#parts = partsOf(section);
  }

  show(report) {
    const { best } = report.accuracy;
    this.#parts.known.hidden = !best;
    this.#parts.missing.hidden = Boolean(best);
    if (best) this.#tell(report);
    else this.#ask(report);
  }

  #tell(report) {
    const { best, blind, worst_case: low, best_case: high } = report.accuracy;
    const name = report.window.class;
    say(this.#parts.right, text("right", { n: ofHundred(best.value) }));
    say(this.#parts.rest, name ? text("right.class", { class: called(name) }) : text("right.rest"));
    say(this.#parts.certainty, text("certainty", bounds(best)));
    this.#parts.gauge.replaceChildren(gauge(best));
    say(this.#parts.method, method(report.accuracy));
    say(this.#parts.blind, blind && text("blind", { share: told(blind), n: count(blind.labels) }));
    say(this.#parts.cases, hasMissing(report) ? cases(report, low, high) : "");
    this.#compare(report.change);
  }

  #compare({ previous, difference }) {
    const verdict = direction(difference);
    this.#parts.change.dataset.direction = verdict;
    say(this.#parts.direction, text(`change.${verdict}`));
    const window = shortDays(previous.from, previous.to);
    const values = difference && { value: change(difference.value), low: change(difference.low), high: change(difference.high) };
    say(this.#parts.difference, difference ? text("change.detail", { ...values, window }) : text("change.none", { window }));
  }

  #ask(report) {
    const { heading, steps } = missing(report);
    say(this.#parts.heading, heading);
    this.#parts.steps.replaceChildren(...steps.map((step) => Object.assign(document.createElement("li"), { textContent: step })));
  }
}

/** The first sentence, for whoever does not see it. */
export function sentence(report) {
  const { best } = report.accuracy;
  if (!best) return missing(report).heading;
  const rest = report.window.class ? text("right.class", { class: called(report.window.class) }) : text("right.rest");
  return `${text("right", { n: ofHundred(best.value) })} ${rest}; ${text("certainty", bounds(best))}.`;
}

function direction(difference) {
  if (!difference) return "unknown";
  if (difference.low > 0) return "better";
  return difference.high < 0 ? "worse" : "same";
}

function method({ labels }) {
  const values = { blind: count(labels.blind), unsure: count(labels.low_confidence) };
  return text(labels.low_confidence ? "method.both" : "method.blind", values);
}

function hasMissing({ accuracy }) {
  return Object.values(accuracy.missing).some((number) => number > 0);
}

function cases({ accuracy }, low, high) {
  const { unclear, skipped, disputed } = accuracy.missing;
  const n = unclear + skipped + disputed;
  return text("cases", { n, count: count(n), low: ofHundred(low), high: ofHundred(high) });
}
