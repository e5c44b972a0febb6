/**
 * What localStorage keeps over a reload: predictions' ids, and the visitor's feedback on them. Never a picture, name or
 * answer. Each has an entry of its own, so that two tabs do not overwrite each other.
 */

const SITE = `feedloop ${new URL(".", document.baseURI).pathname} `; // other sites may share the origin
const PREDICTION = `${SITE}prediction `;
const SENDING = `${SITE}sending `;

/** The feedback on every prediction, newest first: [[id, feedback], …]. */
export function predictions() {
  const entries = keys(PREDICTION).map((name) => [name.slice(PREDICTION.length), load(name)]);
  return entries.sort(([one], [other]) => (timeKey(one) < timeKey(other) ? 1 : -1));
}

/** Keep the feedback on a prediction. */
export function keepFeedback(id, feedback) {
  save(PREDICTION + id, JSON.stringify(feedback));
}

/** The Idempotency-Key of a picture that is to be sent: the same until it is settled, even in a later visit. */
export function idempotencyKey(digest, current) {
  const key = (digest && load(SENDING + digest)) ?? current ?? randomKey();
  if (digest) save(SENDING + digest, JSON.stringify(key));
  return key;
}

/** The picture is answered, refused or cancelled: should it come again, it is another upload. */
export function settle(digest) {
  attempt(() => localStorage.removeItem(SENDING + digest));
}

/** Digests of pictures whose upload was never settled. */
export function unsettled() {
  return keys(SENDING).map((name) => name.slice(SENDING.length));
}

/** Remove all of it. */
export function clear() {
  keys(SITE).forEach((name) => attempt(() => localStorage.removeItem(name)));
}

/** Day and second of an id. */
function timeKey(id) {
  return id.slice(0, 8) + id.split(".")[0].slice(-5);
}

function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keys(prefix) {
  return (attempt(() => Object.keys(localStorage)) ?? []).filter((name) => name.startsWith(prefix));
}

function load(name) {
  return attempt(() => JSON.parse(localStorage.getItem(name)));
}

function save(name, value) {
  attempt(() => localStorage.setItem(name, value));
}

/** A browser may forbid storage or have no room: then this visit works, and the next knows nothing of it. */
function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
