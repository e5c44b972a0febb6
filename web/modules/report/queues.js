/** What waits for annotators, since when, and how long an answer takes. */
import { make } from "../shared/dom.js";
import { text } from "../shared/language.js";
import { ageText, count, durationText } from "./format.js";
import { Section } from "./section.js";

const LATE = 3 * 86_400_000;

export class Queues extends Section {
  show({ queues }) {
    this.parts.list.replaceChildren(...queues.map(item));
  }
}

function item({ title, waiting, oldest, done, seconds_to_label: seconds }) {
  const isLate = oldest && Date.now() - Date.parse(oldest) > LATE;
  const oldestText = oldest ? text("queue.oldest", { age: ageText(oldest) }) : text("queue.empty");
  const p95 = seconds ? text("queue.p95", { span: durationText(seconds.p95) }) : text("queue.untimed");
  return make(
    "li", {},
    make("h3", {}, title),
    make("dl", {},
      fact("queue.waiting", count(waiting), oldestText, isLate ? "late" : ""),
      fact("queue.done", count(done), text("queue.done.detail")),
      fact("queue.time", seconds ? durationText(seconds.median) : "–", p95)),
  );
}

function fact(name, value, detail, className = "") {
  const description = make("dd", {}, make("b", {}, value), make("span", { className: "soft" }, detail));
  return make("div", { className }, make("dt", {}, text(name)), description);
}
