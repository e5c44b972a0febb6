/** Precision and recall of every class, sorted by any column. */
import { make } from "../shared/dom.js";
import { breakable, text } from "../shared/language.js";
import { intervalBar } from "./chart.js";
import { classTitle, count, intervalText, percent } from "./format.js";
import { Section } from "./section.js";

const SORT_KEYS = {
  class: (one) => classTitle(one.class),
  total: (one) => one.total,
  precision: (one) => one.precision?.value ?? null,
  recall: (one) => one.recall?.value ?? null,
};

export class PerClass extends Section {
  #headings;
  #rows = [];
  #order = { column: "precision", isDescending: false };

  constructor(element) {
    super(element);
    this.#headings = [...element.querySelectorAll("th[data-column]")];
    this.#headings.forEach((heading) => {
      heading.querySelector("button").addEventListener("click", () => this.#sortBy(heading.dataset.column));
    });
  }

  show({ per_class: classes, predictions }) {
    const totals = new Map(predictions.by_class.map((one) => [one.class_index, one.total]));
    this.element.hidden = predictions.total === 0;
    const rows = classes.map((one) => ({ ...one, total: totals.get(one.class_index) ?? 0 }));
    this.#rows = rows.filter((one) => one.total || one.precision || one.recall); // not an earlier model's
    this.#showSorted();
  }

  /** By this column; once more, in the opposite order. */
  #sortBy(column) {
    const isDescending = this.#order.column === column ? !this.#order.isDescending : column === "total";
    this.#order = { column, isDescending };
    this.#showSorted();
  }

  #showSorted() {
    const { column, isDescending } = this.#order;
    this.#headings.forEach((heading) => {
      heading.ariaSort = heading.dataset.column !== column ? null : isDescending ? "descending" : "ascending";
    });
    const key = SORT_KEYS[column];
    const rows = this.#rows.toSorted((one, other) => compare(key(one), key(other), isDescending));
    this.parts.body.replaceChildren(...rows.map(row));
  }
}

/** What is not known comes last in either order. */
function compare(one, other, isDescending) {
  if (one === null || other === null) return (one === null) - (other === null);
  const order = typeof one === "string" ? one.localeCompare(other) : one - other;
  return isDescending ? -order : order;
}

function row(one) {
  return make(
    "tr", {},
    make("th", { scope: "row" }, breakable(classTitle(one.class))),
    make("td", { className: "figure" }, count(one.total)),
    make("td", {}, estimateCell(one.precision)),
    make("td", {}, estimateCell(one.recall)),
  );
}

function estimateCell(estimate) {
  if (!estimate) return make("span", { className: "soft" }, text("unknown"));
  const words = make("span", { className: "share-words" }, make("b", {}, percent(estimate.value)), ` ${intervalText(estimate)}`);
  return make("span", { className: "measured" }, intervalBar(estimate), words);
}
