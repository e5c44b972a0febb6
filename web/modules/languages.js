/** Links to this page in its other languages. */
import config from "../config.js";
import { language } from "./language.js";

export class Languages {
  constructor(nav) {
    nav.append(...config.languages.map(link));
    nav.hidden = config.languages.length < 2;
  }
}

function link(code) {
  const name = new Intl.DisplayNames(code, { type: "language" }).of(code);
  const made = Object.assign(document.createElement("a"), { href: `?lang=${code}`, lang: code, hreflang: code });
  made.textContent = code.toUpperCase();
  made.ariaLabel = `${made.textContent}: ${name}`;
  made.ariaCurrent = code === language ? "true" : null;
  return made;
}
