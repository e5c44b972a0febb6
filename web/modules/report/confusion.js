/** Which class is taken for which: a table whose cells are the darker the more of their row they hold. */
import { text } from "../language.js";
import { make, partsOf } from "./dom.js";
import { count, narrow, title } from "./figures.js";

export class Confusion {
  #section;
  #parts;
  #report;

  constructor(section) {
    this.#section = section;
    this.#parts = partsOf(section);
    section.querySelectorAll("input[name=cells]").forEach((input) => {
      input.addEventListener("change", () => this.#fill(input.value));
    });
  }

  show(report) {
    this.#report = report;
    const { counts, none_of_these: none } = report.confusion;
    this.#section.hidden = sum([...counts.flat(), ...none]) === 0;
    this.#parts.pairs.replaceChildren(...confusions(report).map((words) => make("li", {}, words)));
    this.#fill(this.#section.querySelector("input[name=cells]:checked").value);
  }

  #fill(cells) {
    const { classes, confusion } = this.#report;
    const isCounts = cells === "counts";
    const rows = isCounts ? [...confusion.counts, confusion.none_of_these] : confusion.shares;
    const names = [...classes.map(narrow), text("none.of.these")];
    this.#parts.head.replaceChildren(
      make("th", { scope: "col", className: "corner" }, text("confusion.corner")),
      ...classes.map((name) => make("th", { scope: "col" }, make("span", {}, narrow(name)))),
    );
    this.#parts.body.replaceChildren(...rows.map((row, truth) => line(names[truth], row, truth, isCounts ? count : tenths)));
  }
}

function line(name, row, truth, told) {
  const all = sum(row);
  const cells = row.map((number, called) => cell(number, all, told, truth === called));
  return make("tr", {}, make("th", { scope: "row" }, name), ...cells);
}

function cell(number, all, told, isRight) {
  const made = make("td", { className: isRight ? "right" : "" }, number ? told(number) : "0");
  made.classList.toggle("nothing", !number);
  if (number) made.style.setProperty("--heat", (number / all).toFixed(3));
  return made;
}

/** Shares of all predictions are small: a digit more. */
function tenths(share) {
  return share < 0.001 ? "<0.1" : (share * 100).toFixed(1);
}

/** The most frequent mistakes, in words. */
function confusions({ classes, confusion }) {
  const pairs = confusion.counts.flatMap((row, truth) => row.map((n, called) => ({ n, truth, called })));
  const wrong = pairs.filter(({ n, truth, called }) => n > 0 && truth !== called).sort((one, other) => other.n - one.n);
  return wrong.slice(0, 3).map(({ n, truth, called }) => (
    text("confusion.pair", { n: count(n), truth: title(classes[truth]), called: title(classes[called]) })
  ));
}

function sum(numbers) {
  return numbers.reduce((all, number) => all + number, 0);
}
