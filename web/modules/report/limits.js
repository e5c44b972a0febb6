/** What limits the report, in sentences. */
import { make } from "../shared/dom.js";
import { classText, hasText, text } from "../shared/language.js";
import { count, percent, shortDaysText } from "./format.js";
import { Section } from "./section.js";

export class Limits extends Section {
  show({ limits = [], notes }) {
    this.element.hidden = notes.length === 0;
    this.parts.list.replaceChildren(...notes.map((note, index) => item(note, limits[index])));
  }
}

/** In the operator's language where there is a text for it, else the function's own English note. */
function item(note, limit) {
  const name = `limit.${limit?.kind}`;
  return hasText(name) ? make("li", {}, text(name, formatted(limit))) : make("li", { lang: "en" }, note);
}

function formatted({ class: name, first, last, days, share, ...others }) {
  const counted = Object.entries(others).map(([key, value]) => [key, typeof value === "number" ? count(value) : value]);
  return {
    ...Object.fromEntries(counted),
    class: name && classText(name),
    days: first && text("days.n", { n: days, count: count(days), window: shortDaysText(first, last) }),
    share: share && percent(share),
  };
}
