/** What is asked for stands in the page's address: days, model and class. The token never does. */

const NAMES = ["days", "from", "to", "model", "class"];
const WINDOW = ["days", "from", "to"];

/** Tells "change" when the address asks for something else. */
export const asked = new EventTarget();

addEventListener("popstate", () => asked.dispatchEvent(new Event("change")));

/** The value of one of the NAMES, or null. */
export function wish(name) {
  return new URLSearchParams(location.search).get(name);
}

/** The query for the report function. */
export function query() {
  const wishes = NAMES.map((name) => [name, wish(name)]).filter(([, value]) => value);
  return String(new URLSearchParams(wishes));
}

/** The address of this page with these wishes changed; another window replaces the old one whole. */
export function address(changes) {
  const wishes = new URLSearchParams(location.search);
  if (WINDOW.some((name) => name in changes)) WINDOW.forEach((name) => wishes.delete(name));
  for (const [name, value] of Object.entries(changes)) {
    if (value) wishes.set(name, value);
    else wishes.delete(name);
  }
  return `?${wishes}`;
}

/** Ask for something else. */
export function ask(changes) {
  history.pushState(null, "", address(changes));
  asked.dispatchEvent(new Event("change"));
}
