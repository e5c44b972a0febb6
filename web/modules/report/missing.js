/** Why there is no number yet, and what to do about it. */
import { text } from "../language.js";

const STEPS = { "no-model": 2, "no-predictions": 3, "open-day": 2, "no-labels": 3 };

/** A heading and steps. */
export function missing(report) {
  const kind = reason(report);
  const steps = Array.from({ length: STEPS[kind] }, (_, place) => text(`${kind}.${place + 1}`));
  return { heading: text(kind), steps };
}

function reason({ model, predictions, window }) {
  if (!model) return "no-model";
  if (!predictions.total) return "no-predictions";
  return window.open_day && window.days === 1 ? "open-day" : "no-labels";
}
