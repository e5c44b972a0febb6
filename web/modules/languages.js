/** Links to this page in its other languages. */
import config from "../config.js";
import { language } from "./language.js";

export class Languages {
  constructor(nav) {
    nav.append(...config.languages.map(link));
    nav.hidden = config.languages.length < 2;
  }
}

/** The page as it is, filters and all, in that language. */
function here(code) {
  const query = new URLSearchParams(location.search);
  query.set("lang", code);
  return `?${query}`;
}

function link(code) {
  const name = new Intl.DisplayNames(code, { type: "language" }).of(code);
  const made = Object.assign(document.createElement("a"), { href: here(code), lang: code, hreflang: code });
  made.textContent = code.toUpperCase();
  made.ariaLabel = `${made.textContent}: ${name}`;
  made.ariaCurrent = code === language ? "true" : null;
  made.addEventListener("click", () => { made.href = here(code); });
  return made;
}
