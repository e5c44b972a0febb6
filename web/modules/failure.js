/** What an answer means for the visitor: a document, or a failure that passes by itself or does not. */

/** A call that failed. `kind` names the words for it; when `passing`, the same call may succeed after `wait` seconds. */
export class Failure extends Error {
  constructor(kind, { passing = false, wait = 0 } = {}) {
    super(kind);
    Object.assign(this, { kind, passing, wait });
  }
}

/** A failure of the way there: no answer, or one that the browser does not show because a proxy gave it. */
export function lost() {
  return new Failure(navigator.onLine ? "unreachable" : "offline", { passing: true });
}

const FINAL = ["too-large", "unsupported-picture", "broken-picture", "unknown-prediction", "unknown-class", "unauthorised"];

/** The document of an answer. Throws Failure. */
export function judge({ status, type, body, retryAfter }) {
  const found = document(body);
  if (status >= 200 && status < 300 && found) return found;
  const wait = seconds(retryAfter);
  if (status === 408) throw new Failure("unavailable", { passing: true, wait }); // a slow way there
  if (status === 429) throw new Failure("busy", { passing: true, wait });
  const kind = type.startsWith("application/problem+json") && found?.type?.split(":").pop();
  if (FINAL.includes(kind)) throw new Failure(kind);
  if (status === 413) throw new Failure("too-large");
  // A platform that wakes or moves a function answers for it, with a 404, a 5xx or a page.
  if (status >= 500 || status < 400 || (status === 404 && !kind)) throw new Failure("unavailable", { passing: true, wait });
  throw new Failure("refused");
}

function document(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** Retry-After is a number of seconds, or a date. */
function seconds(text) {
  if (!text) return 0;
  const counted = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Math.max(0, counted || 0);
}
