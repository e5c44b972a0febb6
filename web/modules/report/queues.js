/** What waits for annotators, since when, and how long an answer takes. */
import { text } from "../language.js";
import { make, partsOf } from "./dom.js";
import { age, count, span } from "./figures.js";

const LONG = 3 * 86_400_000;

export class Queues {
  #list;

  constructor(section) {
    this.#list = partsOf(section).list;
  }

  show({ queues }) {
    this.#list.replaceChildren(...queues.map(queue));
  }
}

function queue({ title, waiting, oldest, done, seconds_to_label: seconds }) {
  const isLate = oldest && Date.now() - Date.parse(oldest) > LONG;
  const since = oldest ? text("queue.oldest", { age: age(oldest) }) : text("queue.empty");
  return make(
    "li", {},
    make("h3", {}, title),
    make("dl", {},
      fact(text("queue.waiting"), count(waiting), since, isLate ? "late" : ""),
      fact(text("queue.done"), count(done), text("queue.done.detail")),
      fact(text("queue.time"), seconds ? span(seconds.median) : "–", seconds ? text("queue.p95", { span: span(seconds.p95) }) : text("queue.untimed"))),
  );
}

function fact(name, value, detail, className = "") {
  return make("div", { className }, make("dt", {}, name), make("dd", {}, make("b", {}, value), make("span", { className: "soft" }, detail)));
}
