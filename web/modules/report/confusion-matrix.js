/** The confusion matrix: true by predicted classes, darker with a cell's share of its row. */
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
    const isCounts = cells === "counts", format = isCounts ? count : percentDigits;
    const rows = isCounts ? [...confusion.counts, confusion.none_of_these] : confusion.shares;
    const names = [...classes.map((name) => breakable(classTitle(name))), text("none.of.these")];
    const present = presentClasses(confusion);
    this.parts.head.replaceChildren(
      make("th", { scope: "col", className: "corner" }, text("confusion.corner")),
      ...present.map((index) => make("th", { scope: "col" }, make("span", {}, names[index]))),
    );
    const shown = isCounts ? [...present, classes.length] : present;
    this.parts.body.replaceChildren(...shown.map((index) => row(names[index], rows[index], index, present, format)));
  }
}

function presentClasses({ counts, none_of_these: none, shares }) {
  const all = [...counts, none, ...shares];
  return [...none.keys()].filter((index) => sum(counts[index]) + sum(shares[index]) + sum(all.map((row) => row[index])));
}

function row(name, numbers, trueClass, present, format) {
  const total = sum(numbers);
  const cells = present.map((predicted) => cell(numbers[predicted], total, format, trueClass === predicted));
  return make("tr", {}, make("th", { scope: "row" }, name), ...cells);
}

function cell(number, total, format, isRight) {
  const made = make("td", { className: isRight ? "right" : "" }, number ? format(number) : "0");
  made.classList.toggle("nothing", !number);
  if (number) made.style.setProperty("--heat", (number / total).toFixed(3));
  return made;
}

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
