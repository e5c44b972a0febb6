/** What is known, in the visitor's words. */
import { called, speaksOf, text } from "./language.js";

const ALMOST_CERTAIN = 0.95;

/** How it stands with a photo: a heading, and a sentence that may be empty. */
export function story(photo) {
  const { answer, phase, time, trouble } = photo;
  if (answer) return { heading: headline(answer), detail: explanation(answer) };
  if (time) return { heading: text("photo.recalling"), detail: "" };
  if (trouble) return { heading: problem(trouble), detail: remedy(trouble) };
  if (phase === "cancelled") return { heading: text("photo.cancelled"), detail: text("photo.cancelled.detail") };
  return { heading: text(`photo.${phase}`), detail: photo.name };
}

/** What the model answered, in a few words. */
export function headline({ class: name, confidence, low_confidence: isUnsure }) {
  if (isUnsure) return text("unsure");
  return text(confidence < ALMOST_CERTAIN ? "sure" : "sure.very", { class: called(name) });
}

/** Thanks for what the visitor said; empty when nothing was said. */
export function thanks({ said, isUntold }, answer) {
  if (isUntold) return text("telling");
  if (said.class && said.class === answer?.class) return text("relabel.same");
  if (said.class) return text("relabel.done", { class: called(said.class) });
  return said.flagged ? text("flag.done") : "";
}

/** What went wrong. */
export function problem({ failure }) {
  return text(speaksOf(`failed.${failure.kind}`) ? `failed.${failure.kind}` : "failed.refused");
}

/** What comes next: the next try, or what the visitor can do. */
export function remedy({ failure, until }) {
  if (until === null) return text("waiting.offline");
  if (until) return patience((until - Date.now()) / 1000);
  if (failure.passing) return text("failed.given-up");
  return text(speaksOf(`failed.${failure.kind}.detail`) ? `failed.${failure.kind}.detail` : "failed.refused.detail");
}

function explanation({ class: name, top, low_confidence: isUnsure }) {
  if (!isUnsure) return "";
  const [, next] = top;
  if (!next) return text("unsure.alone", { class: called(name) });
  return text("unsure.detail", { class: called(name), other: called(next.class) });
}

function patience(seconds) {
  if (seconds > 90) return text("waiting.minutes", { n: Math.ceil(seconds / 60) });
  return text("waiting.seconds", { n: Math.max(0, Math.ceil(seconds)) });
}
