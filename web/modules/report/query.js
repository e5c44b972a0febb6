/** The page's address holds days, model and class, never the token. */

const NAMES = ["days", "from", "to", "model", "class"];
const DAYS = ["days", "from", "to"];

/** Dispatches "change" when the address has another query. */
export const queryChanges = new EventTarget();

addEventListener("popstate", () => queryChanges.dispatchEvent(new Event("change")));

/** The value of one of the NAMES, or null. */
export function parameter(name) {
  return new URLSearchParams(location.search).get(name);
}

/** The query string for the report function. */
export function queryString() {
  const parameters = NAMES.map((name) => [name, parameter(name)]).filter(([, value]) => value);
  return String(new URLSearchParams(parameters));
}

/** This page's address with these parameters changed; other days replace the old ones whole. */
export function addressWith(changes) {
  const parameters = new URLSearchParams(location.search);
  if (DAYS.some((name) => name in changes)) DAYS.forEach((name) => parameters.delete(name));
  for (const [name, value] of Object.entries(changes)) {
    if (value) parameters.set(name, value);
    else parameters.delete(name);
  }
  return `?${parameters}`;
}

/** Change the query, as a step in the browser's history. */
export function changeQuery(changes) {
  history.pushState(null, "", addressWith(changes));
  queryChanges.dispatchEvent(new Event("change"));
}
