/** The operator's token: in this tab only, until it is closed or told to forget. */

const NAME = "feedloop report token";
const SENDABLE = /^[\x21-\x7e]+$/; // what a header can carry

let kept = read();

/** The token, or null. */
export function token() {
  return kept;
}

/** Keep it; false when no header can carry it, so that it cannot be right. */
export function keep(given) {
  const trimmed = given.trim();
  if (!SENDABLE.test(trimmed)) return false;
  kept = trimmed;
  write((storage) => storage.setItem(NAME, trimmed));
  return true;
}

/** Forget it. */
export function forget() {
  kept = null;
  write((storage) => storage.removeItem(NAME));
}

function read() {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return null; // a browser that keeps nothing: until the next reload, then
  }
}

function write(change) {
  try {
    change(sessionStorage);
  } catch { /* see above */ }
}
