/** The number first, in words, with how sure it is and whether it got better. */
import { called, text } from "../language.js";
import { partsOf, say } from "./dom.js";
import { bounds, change, count, ofHundred, shortDays, told } from "./figures.js";
import { gauge } from "./gauge.js";
import { missing } from "./missing.js";
import { besides, few, onPairs, whose } from "./models.js";

export class Headline {
  #parts;

  constructor(section) {
    this.#parts = partsOf(section);
  }

  show(report) {
    const { best } = report.accuracy;
    this.#parts.known.hidden = !best;
    this.#parts.missing.hidden = Boolean(best);
    say(this.#parts.whose, whose(report));
    if (best) this.#tell(report);
    else this.#ask(report);
    this.#parts.beside.hidden = !report.switch;
    this.#parts.models.replaceChildren(...besides(report));
    say(this.#parts.paired, onPairs(report));
  }

  #tell(report) {
    const { best, blind, worst_case: low, best_case: high } = report.accuracy;
    const [right, rest] = verdict(report);
    say(this.#parts.right, right);
    say(this.#parts.rest, rest);
    say(this.#parts.certainty, certainty(report));
    this.#parts.gauge.replaceChildren(gauge(best));
    say(this.#parts.method, method(report.accuracy));
    say(this.#parts.blind, blind && text("blind", { share: told(blind), n: count(blind.labels) }));
    say(this.#parts.cases, hasMissing(report) ? cases(report, low, high) : "");
    this.#compare(report.change);
  }

  #compare({ previous, difference }) {
    const course = direction(difference);
    this.#parts.change.dataset.direction = course;
    say(this.#parts.direction, text(`change.${course}`));
    const window = shortDays(previous.from, previous.to);
    const other = previous.model ? text("change.replaced", { model: previous.model, window }) : window;
    const values = difference && { value: change(difference.value), low: change(difference.low), high: change(difference.high) };
    say(this.#parts.difference, text(difference ? "change.detail" : "change.none", { ...values, window: other }));
  }

  #ask(report) {
    const { heading, steps } = missing(report);
    say(this.#parts.heading, heading);
    this.#parts.steps.replaceChildren(...steps.map((step) => Object.assign(document.createElement("li"), { textContent: step })));
  }
}

/** The first sentence, for whoever does not see it. */
export function sentence(report) {
  const said = report.accuracy.best ? `${verdict(report).join(" ")}; ${certainty(report)}` : missing(report).heading;
  return [said, whose(report)].filter(Boolean).map((part) => `${part}.`).join(" ");
}

/** The number and what it counts: a share, or of few answers how many. */
function verdict(report) {
  const answers = few(report);
  if (answers) return [text("few", { right: count(answers.right), of: count(answers.of) }), text("few.rest")];
  const name = report.window.class;
  const rest = name ? text("right.class", { class: called(name) }) : text("right.rest");
  return [text("right", { n: ofHundred(report.accuracy.best.value) }), rest];
}

function certainty(report) {
  return text(few(report) ? "certainty.few" : "certainty", bounds(report.accuracy.best));
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
