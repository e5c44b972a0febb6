/**
 * What this browser keeps over a reload: ids, and what the visitor said about them. Never a picture, name or answer.
 * Each has an entry of its own, so that two tabs do not overwrite each other.
 */

const HERE = `feedloop ${new URL(".", document.baseURI).pathname} `; // other sites may share the origin
const PREDICTION = `${HERE}prediction `;
const SENDING = `${HERE}sending `;

/** What was said about every prediction, newest first: [[id, opinion], …]. */
export function predictions() {
  const kept = keys(PREDICTION).map((name) => [name.slice(PREDICTION.length), read(name)]);
  return kept.sort(([one], [other]) => (moment(one) < moment(other) ? 1 : -1));
}

/** Keep what was said about a prediction. */
export function keep(id, opinion) {
  write(PREDICTION + id, JSON.stringify(opinion));
}

/** The Idempotency-Key of a picture that is to be sent: the same until it is settled, even in a later visit. */
export function keyOf(digest, known) {
  const key = (digest && read(SENDING + digest)) ?? known ?? token();
  if (digest) write(SENDING + digest, JSON.stringify(key));
  return key;
}

/** The picture is answered, refused or cancelled: should it come again, it is another upload. */
export function settled(digest) {
  attempt(() => localStorage.removeItem(SENDING + digest));
}

/** Digests of pictures whose sending was never settled. */
export function unsettled() {
  return keys(SENDING).map((name) => name.slice(SENDING.length));
}

/** Forget all. */
export function forget() {
  keys(HERE).forEach((name) => attempt(() => localStorage.removeItem(name)));
}

function moment(id) {
  return id.slice(0, 8) + id.split(".")[0].slice(-5);
}

function token() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keys(prefix) {
  return (attempt(() => Object.keys(localStorage)) ?? []).filter((name) => name.startsWith(prefix));
}

function read(name) {
  return attempt(() => JSON.parse(localStorage.getItem(name)));
}

function write(name, value) {
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
