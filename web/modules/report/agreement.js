/** How often annotators agree: with visitors' feedback, and with the model when they see its answer (anchoring). */
import { setText } from "../shared/dom.js";
import { text } from "../shared/language.js";
import { bounds, count, ofHundred, signedPoints } from "./format.js";
import { Section } from "./section.js";

export class Visitors extends Section {
  show({ predictions, visitors }) {
    this.element.hidden = predictions.total === 0;
    const { flagged, relabelled, flags_confirmed: flags, relabels_confirmed: relabels } = visitors;
    setText(this.parts.flagged, text("visitors.flagged", { n: flagged, count: count(flagged) }));
    setText(this.parts.flags, flagged ? agreementText("visitors.flags", flags) : "");
    setText(this.parts.relabelled, text("visitors.relabelled", { n: relabelled, count: count(relabelled) }));
    setText(this.parts.relabels, relabelled ? agreementText("visitors.relabels", relabels) : "");
  }
}

export class Anchoring extends Section {
  show({ anchoring }) {
    const { accepted, blind_agreement: blind, difference } = anchoring;
    this.element.hidden = !accepted;
    if (!accepted) return;
    setText(this.parts.accepted, agreementText("anchoring.accepted", accepted));
    setText(this.parts.blind, agreementText("anchoring.blind", blind));
    setText(this.parts.conclusion, difference ? conclusion(difference) : "");
  }
}

/** How many of 100 agree, in the text of that name; its `.none` where that is not known. */
function agreementText(name, estimate) {
  if (!estimate) return text(`${name}.none`);
  return text(name, { share: ofHundred(estimate.value), ...bounds(estimate), n: count(estimate.labels) });
}

function conclusion({ value, low, high }) {
  const values = { value: signedPoints(value), low: signedPoints(low), high: signedPoints(high) };
  if (low > 0) return text("anchoring.follow", values);
  return text(high < 0 ? "anchoring.oppose" : "anchoring.free", values);
}
