/** What an HTTP response means: a document, or a failure that passes by itself or does not. */

/** A call that failed. `kind` names its text; when `passing`, the same call may succeed after `wait` seconds. */
export class Failure extends Error {
  constructor(kind, { passing = false, wait = 0 } = {}) {
    super(kind);
    Object.assign(this, { kind, passing, wait });
  }
}

/** There was no response, or one that the browser does not show because a proxy gave it without CORS. */
export function networkFailure() {
  return new Failure(navigator.onLine ? "unreachable" : "offline", { passing: true });
}

const FINAL = ["too-large", "unsupported-picture", "broken-picture", "unknown-prediction", "unknown-class", "unauthorised"];

/** The JSON document of a response. Throws Failure. */
export function documentOf({ status, contentType, body, retryAfter }) {
  const document = parseJson(body);
  if (status >= 200 && status < 300 && document) return document;
  const wait = parseRetryAfter(retryAfter);
  if (status === 408) throw new Failure("unavailable", { passing: true, wait }); // the connection was slow
  if (status === 429) throw new Failure("busy", { passing: true, wait });
  const kind = contentType.startsWith("application/problem+json") && document?.type?.split(":").pop();
  if (FINAL.includes(kind)) throw new Failure(kind);
  if (status === 413) throw new Failure("too-large");
  // A platform that wakes or moves a function answers in its place, with a 404, a 5xx or a page.
  if (status >= 500 || status < 400 || (status === 404 && !kind)) throw new Failure("unavailable", { passing: true, wait });
  throw new Failure("refused");
}

function parseJson(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** Seconds; the header holds them, or a date. */
function parseRetryAfter(header) {
  if (!header) return 0;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Math.max(0, seconds || 0);
}
