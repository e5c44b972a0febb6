/** The confusion matrix: true classes by predicted classes; the larger a cell's share of its row, the darker it is. */
import { make } from "../shared/dom.js";
import { breakable, text } from "../shared/language.js";
import { classTitle, count } from "./format.js";
import { Section } from "./section.js";

const MOST_PAIRS = 3;

export class ConfusionMatrix extends Section {
  #report;

  constructor(element) {
    super(element);
    element.querySelectorAll("input[name=cells]").forEach((input) => {
      input.addEventListener("change", () => this.#fill(input.value));
    });
  }

  show(report) {
    this.#report = report;
    const { counts, none_of_these: none } = report.confusion;
    this.element.hidden = sum([...counts.flat(), ...none]) === 0;
    this.parts.pairs.replaceChildren(...commonConfusions(report).map((words) => make("li", {}, words)));
    this.#fill(this.element.querySelector("input[name=cells]:checked").value);
  }

  #fill(cells) {
    const { classes, confusion } = this.#report;
    const isCounts = cells === "counts";
    const rows = isCounts ? [...confusion.counts, confusion.none_of_these] : confusion.shares;
    const names = [...classes.map((name) => breakable(classTitle(name))), text("none.of.these")];
    this.parts.head.replaceChildren(
      make("th", { scope: "col", className: "corner" }, text("confusion.corner")),
      ...classes.map((name) => make("th", { scope: "col" }, make("span", {}, breakable(classTitle(name))))),
    );
    this.parts.body.replaceChildren(...rows.map((numbers, index) => row(names[index], numbers, index, isCounts ? count : percentDigits)));
  }
}

function row(name, numbers, trueClass, format) {
  const total = sum(numbers);
  const cells = numbers.map((number, predicted) => cell(number, total, format, trueClass === predicted));
  return make("tr", {}, make("th", { scope: "row" }, name), ...cells);
}

function cell(number, total, format, isRight) {
  const made = make("td", { className: isRight ? "right" : "" }, number ? format(number) : "0");
  made.classList.toggle("nothing", !number);
  if (number) made.style.setProperty("--heat", (number / total).toFixed(3));
  return made;
}

/** Shares of all predictions are small: with a digit after the point. */
function percentDigits(share) {
  return share < 0.001 ? "<0.1" : (share * 100).toFixed(1);
}

/** The most frequent mistakes, in words. */
function commonConfusions({ classes, confusion }) {
  const pairs = confusion.counts.flatMap((numbers, trueClass) => numbers.map((n, predicted) => ({ n, trueClass, predicted })));
  const wrong = pairs.filter(({ n, trueClass, predicted }) => n > 0 && trueClass !== predicted);
  return wrong.sort((one, other) => other.n - one.n).slice(0, MOST_PAIRS).map(({ n, trueClass, predicted }) => (
    text("confusion.pair", { n: count(n), truth: classTitle(classes[trueClass]), predicted: classTitle(classes[predicted]) })
  ));
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
