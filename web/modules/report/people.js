/** What visitors say and annotators confirm, and whether annotators follow an answer that they see. */
import { text } from "../language.js";
import { partsOf, say } from "./dom.js";
import { bounds, change, count, ofHundred } from "./figures.js";

export class Visitors {
  #section;
  #parts;

  constructor(section) {
    this.#section = section;
    this.#parts = partsOf(section);
  }

  show({ predictions, visitors }) {
    this.#section.hidden = predictions.total === 0;
    const { flagged, relabelled, flags_confirmed: flags, relabels_confirmed: relabels } = visitors;
    say(this.#parts.flagged, text("visitors.flagged", { n: flagged, count: count(flagged) }));
    say(this.#parts.flags, flagged ? share("visitors.flags", flags) : "");
    say(this.#parts.relabelled, text("visitors.relabelled", { n: relabelled, count: count(relabelled) }));
    say(this.#parts.relabels, relabelled ? share("visitors.relabels", relabels) : "");
  }
}

export class Anchoring {
  #section;
  #parts;

  constructor(section) {
    this.#section = section;
    this.#parts = partsOf(section);
  }

  show({ anchoring }) {
    const { accepted, blind_agreement: blind, difference } = anchoring;
    this.#section.hidden = !accepted;
    if (!accepted) return;
    say(this.#parts.accepted, share("anchoring.accepted", accepted));
    say(this.#parts.blind, share("anchoring.blind", blind));
    say(this.#parts.verdict, difference ? verdict(difference) : "");
  }
}

function share(name, estimate) {
  if (!estimate) return text(`${name}.none`);
  return text(name, { share: ofHundred(estimate.value), ...bounds(estimate), n: count(estimate.labels) });
}

function verdict({ value, low, high }) {
  const values = { value: change(value), low: change(low), high: change(high) };
  if (low > 0) return text("anchoring.follow", values);
  return text(high < 0 ? "anchoring.oppose" : "anchoring.free", values);
}
