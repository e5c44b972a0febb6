/** What to label next: where more answers narrow the interval most. */
import { text } from "../language.js";
import { make, partsOf } from "./dom.js";
import { count, dayName, inPoints } from "./figures.js";

const MOST = 4;

export class NextLabels {
  #section;
  #parts;

  constructor(section) {
    this.#section = section;
    this.#parts = partsOf(section);
  }

  show({ next, queues }) {
    this.#section.hidden = next.length === 0;
    const titles = new Map(queues.map(({ queue, title }) => [queue, title]));
    this.#parts.list.replaceChildren(...worthNaming(next).map((one) => piece(one, titles.get(one.queue) ?? one.queue)));
  }
}

/** The best, and those after it whose gain can be seen in the numbers that are shown. */
function worthNaming(next) {
  return next.filter((one, place) => place === 0 || inPoints(one.interval_then / 2) !== inPoints(one.interval_now / 2)).slice(0, MOST);
}

function piece({ day, labels, interval_now: now, interval_then: then }, title) {
  const values = { n: count(labels), title, day: dayName(day), now: inPoints(now / 2), then: inPoints(then / 2) };
  return make(
    "li", {},
    make("strong", {}, text("next.where", values)),
    make("span", { className: "soft" }, text("next.gain", values)),
    narrowing(now, then),
  );
}

/** The interval now, and inside of it the one to come. */
function narrowing(now, then) {
  const made = make("span", { className: "narrowing", ariaHidden: "true" }, make("span"));
  made.style.setProperty("--then", now ? then / now : 1);
  return made;
}
