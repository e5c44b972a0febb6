/** Where more answers narrow the confidence interval most. */
import { make } from "../shared/dom.js";
import { text } from "../shared/language.js";
import { count, dayText, points } from "./format.js";
import { Section } from "./section.js";

const MOST_ITEMS = 4;

export class LabelAllocation extends Section {
  show({ next, queues }) {
    this.element.hidden = next.length === 0;
    const titles = new Map(queues.map(({ queue, title }) => [queue, title]));
    const items = withVisibleGain(next).map((one) => item(one, titles.get(one.queue) ?? one.queue));
    this.parts.list.replaceChildren(...items);
  }
}

/** The best, and those after it whose gain shows in the rounded numbers. */
function withVisibleGain(next) {
  const isVisible = ({ interval_now: now, interval_then: then }) => points(then / 2) !== points(now / 2);
  return next.filter((one, index) => index === 0 || isVisible(one)).slice(0, MOST_ITEMS);
}

function item({ day, labels, interval_now: now, interval_then: then }, title) {
  const values = { n: count(labels), title, day: dayText(day), now: points(now / 2), then: points(then / 2) };
  return make(
    "li", {},
    make("strong", {}, text("next.where", values)),
    make("span", { className: "soft" }, text("next.gain", values)),
    gainBar(now, then),
  );
}

/** The interval now, and inside of it the one to come. */
function gainBar(now, then) {
  const bar = make("span", { className: "gain-bar", ariaHidden: "true" }, make("span"));
  bar.style.setProperty("--then", now ? then / now : 1);
  return bar;
}
