/** A failure in words. */
import { hasText, text } from "./language.js";

/** What went wrong. */
export function failureText({ failure }) {
  return text(hasText(`failed.${failure.kind}`) ? `failed.${failure.kind}` : "failed.refused");
}

/** What happens next: the next try, or what the visitor can do. */
export function adviceText({ failure, until }) {
  if (until === null) return text("waiting.offline");
  if (until) return waitText((until - Date.now()) / 1000);
  if (failure.passing) return text("failed.given-up");
  return text(hasText(`failed.${failure.kind}.detail`) ? `failed.${failure.kind}.detail` : "failed.refused.detail");
}

function waitText(seconds) {
  if (seconds > 90) return text("waiting.minutes", { n: Math.ceil(seconds / 60) });
  return text("waiting.seconds", { n: Math.max(0, Math.ceil(seconds)) });
}
