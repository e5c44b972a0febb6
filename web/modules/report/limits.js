/** What limits the report, in sentences. */
import { called, speaksOf, text } from "../language.js";
import { make, partsOf } from "./dom.js";
import { count, percent, shortDays } from "./figures.js";

export class Limits {
  #section;
  #list;

  constructor(section) {
    this.#section = section;
    this.#list = partsOf(section).list;
  }

  show({ limits = [], notes }) {
    this.#section.hidden = notes.length === 0;
    this.#list.replaceChildren(...notes.map((note, place) => sentence(note, limits[place])));
  }
}

/** In the operator's language where there are words for it, else as the function says it. */
function sentence(note, limit) {
  const name = `limit.${limit?.kind}`;
  return speaksOf(name) ? make("li", {}, text(name, readable(limit))) : make("li", { lang: "en" }, note);
}

function readable({ class: name, first, last, days, share, ...numbers }) {
  const counted = Object.entries(numbers).map(([key, value]) => [key, typeof value === "number" ? count(value) : value]);
  return {
    ...Object.fromEntries(counted),
    class: name && called(name),
    days: first && text("days.n", { n: days, count: count(days), window: shortDays(first, last) }),
    share: share && percent(share),
  };
}
