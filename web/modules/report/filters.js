/** Days, model and class: links and fields that change the query. */
import { make, partsOf } from "../shared/dom.js";
import { text } from "../shared/language.js";
import { classTitle, parseDay } from "./format.js";
import { addressWith, changeQuery, parameter } from "./query.js";

const DEFAULT_DAYS = "7";

export class Filters {
  #parts;
  #links;
  #models = new Set();

  constructor(element) {
    this.#parts = partsOf(element);
    this.#links = [...element.querySelectorAll("a[data-days]")];
    this.#links.forEach((link) => link.addEventListener("click", (event) => this.#follow(event, link.dataset.days)));
    this.#parts.model.addEventListener("change", () => changeQuery({ model: this.#parts.model.value }));
    this.#parts.class.addEventListener("change", () => changeQuery({ class: this.#parts.class.value }));
    this.#parts.days.addEventListener("submit", (event) => this.#submitDays(event));
    this.#parts.other.addEventListener("keydown", (event) => { if (event.key === "Escape") this.#close(); });
    this.showQuery();
  }

  /** Show what the query asks for. */
  showQuery() {
    const hasOwnDays = parameter("from") || parameter("to");
    this.#links.forEach((link) => {
      link.href = addressWith({ days: link.dataset.days });
      link.ariaCurrent = !hasOwnDays && (parameter("days") ?? DEFAULT_DAYS) === link.dataset.days ? "true" : null;
    });
    this.#parts.other.classList.toggle("chosen", Boolean(hasOwnDays));
    fillOptions(this.#parts.model, [...this.#models], parameter("model"));
  }

  /** Offer what the report has. */
  show({ window, classes, model, predictions }) {
    [model?.version, ...predictions.by_model.map((one) => one.model)].filter(Boolean).forEach((one) => this.#models.add(one));
    this.#parts.from.value = withDashes(window.from);
    this.#parts.to.value = withDashes(window.to);
    this.#parts.to.max = this.#parts.from.max = new Date().toISOString().slice(0, 10);
    fillOptions(this.#parts.class, classes, window.class, classTitle);
    this.showQuery();
  }

  #follow(event, days) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // opens in another tab
    event.preventDefault();
    changeQuery({ days });
  }

  #submitDays(event) {
    event.preventDefault();
    const [from, to] = [this.#parts.from, this.#parts.to].map(({ value }) => value);
    this.#parts.to.setCustomValidity(from > to ? text("days.turned") : "");
    if (!event.target.reportValidity()) return;
    this.#parts.other.open = false;
    changeQuery({ from: from.replaceAll("-", ""), to: to.replaceAll("-", "") });
  }

  #close() {
    this.#parts.other.open = false;
    this.#parts.other.querySelector("summary").focus();
  }
}

/** The page's own options, then these, and `chosen` even where it is none of them. */
function fillOptions(select, names, chosen, titleOf = String) {
  const own = [...select.options].filter((option) => option.dataset.text);
  const others = [...new Set([...names, chosen ?? ""])].filter((name) => !own.some(({ value }) => value === name));
  select.replaceChildren(...own, ...others.map((name) => make("option", { value: name }, titleOf(name))));
  select.value = chosen ?? "";
}

function withDashes(day) {
  return parseDay(day).toISOString().slice(0, 10);
}
