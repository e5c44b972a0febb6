/** The state of a photo in the visitor's words. */
import { adviceText, failureText } from "../shared/failure-text.js";
import { classText, text } from "../shared/language.js";

const ALMOST_CERTAIN = 0.95;

/** {heading, detail}; the detail may be empty. */
export function statusText({ answer, name, phase, time, trouble }) {
  if (answer) return { heading: answerText(answer), detail: doubtText(answer) };
  if (time) return { heading: text("photo.restoring"), detail: "" };
  if (trouble) return { heading: failureText(trouble), detail: adviceText(trouble) };
  if (phase === "cancelled") return { heading: text("photo.cancelled"), detail: text("photo.cancelled.detail") };
  return { heading: text(`photo.${phase}`), detail: name };
}

/** Thanks for feedback; empty when there is none. */
export function thanksText({ isUnsent, state }, answer) {
  if (isUnsent) return text("feedback.sending");
  if (state.class && state.class === answer?.class) return text("relabel.same");
  if (state.class) return text("relabel.done", { class: classText(state.class) });
  return state.flagged ? text("flag.done") : "";
}

function answerText({ class: name, confidence, low_confidence: isUnsure }) {
  if (isUnsure) return text("unsure");
  return text(confidence < ALMOST_CERTAIN ? "sure" : "sure.very", { class: classText(name) });
}

function doubtText({ class: name, top, low_confidence: isUnsure }) {
  if (!isUnsure) return "";
  const [, next] = top;
  if (!next) return text("unsure.alone", { class: classText(name) });
  return text("unsure.detail", { class: classText(name), other: classText(next.class) });
}
