/** Per class: how much of what is called so is so, and how much of what is so is found. Sorted as wished. */
import { text } from "../language.js";
import { make, partsOf } from "./dom.js";
import { count, narrow, percent, range, title } from "./figures.js";
import { gauge } from "./gauge.js";

const value = (estimate) => estimate?.value ?? null;
const COLUMNS = {
  class: (one) => title(one.class),
  total: (one) => one.total,
  precision: (one) => value(one.precision),
  recall: (one) => value(one.recall),
};

export class Classes {
  #section;
  #body;
  #headings;
  #rows = [];
  #order = { column: "precision", isDown: false };

  constructor(section) {
    this.#section = section;
    this.#body = partsOf(section).body;
    this.#headings = [...section.querySelectorAll("th[data-column]")];
    this.#headings.forEach((heading) => {
      heading.querySelector("button").addEventListener("click", () => this.#sort(heading.dataset.column));
    });
  }

  show({ per_class: classes, predictions }) {
    const totals = new Map(predictions.by_class.map((one) => [one.class_index, one.total]));
    this.#section.hidden = predictions.total === 0;
    this.#rows = classes.map((one) => ({ ...one, total: totals.get(one.class_index) ?? 0 }));
    this.#arrange();
  }

  /** By this column; again, the other way round. */
  #sort(column) {
    const isDown = this.#order.column === column ? !this.#order.isDown : column === "total";
    this.#order = { column, isDown };
    this.#arrange();
  }

  #arrange() {
    const { column, isDown } = this.#order;
    this.#headings.forEach((heading) => {
      heading.ariaSort = heading.dataset.column !== column ? null : isDown ? "descending" : "ascending";
    });
    const rows = this.#rows.toSorted((one, other) => compare(COLUMNS[column](one), COLUMNS[column](other), isDown));
    this.#body.replaceChildren(...rows.map(row));
  }
}

/** What is not known stands last, whichever way. */
function compare(one, other, isDown) {
  if (one === null || other === null) return (one === null) - (other === null);
  const order = typeof one === "string" ? one.localeCompare(other) : one - other;
  return isDown ? -order : order;
}

function row(one) {
  return make(
    "tr", {},
    make("th", { scope: "row" }, narrow(one.class)),
    make("td", { className: "figure" }, count(one.total)),
    make("td", {}, share(one.precision)),
    make("td", {}, share(one.recall)),
  );
}

function share(estimate) {
  if (!estimate) return make("span", { className: "soft" }, text("unknown"));
  const words = make("span", { className: "share-words" }, make("b", {}, percent(estimate.value)), ` ${range(estimate)}`);
  return make("span", { className: "measured" }, gauge(estimate), words);
}
