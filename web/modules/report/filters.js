/** Which days, which model, which class: links and fields that change the page's address. */
import { text } from "../language.js";
import { address, ask, wish } from "./asked.js";
import { make, partsOf } from "./dom.js";
import { dateOf, title } from "./figures.js";

const USUAL = "7";

export class Filters {
  #parts;
  #links;
  #models = new Set();

  constructor(section) {
    this.#parts = partsOf(section);
    this.#links = [...section.querySelectorAll("a[data-days]")];
    this.#links.forEach((link) => link.addEventListener("click", (event) => this.#choose(event, link.dataset.days)));
    this.#parts.model.addEventListener("change", () => ask({ model: this.#parts.model.value }));
    this.#parts.class.addEventListener("change", () => ask({ class: this.#parts.class.value }));
    this.#parts.days.addEventListener("submit", (event) => this.#days(event));
    this.#parts.other.addEventListener("keydown", (event) => { if (event.key === "Escape") this.#close(); });
    this.point();
  }

  /** Show what the address asks for. */
  point() {
    const own = wish("from") || wish("to");
    this.#links.forEach((link) => {
      link.href = address({ days: link.dataset.days });
      link.ariaCurrent = !own && (wish("days") ?? USUAL) === link.dataset.days ? "true" : null;
    });
    this.#parts.other.classList.toggle("chosen", Boolean(own));
    this.#choices(this.#parts.model, [...this.#models], wish("model"));
  }

  /** Offer what there is to choose from. */
  show({ window, classes, model, predictions }) {
    [model?.version, ...predictions.by_model.map((one) => one.model)].filter(Boolean).forEach((one) => this.#models.add(one));
    this.#parts.from.value = dashed(window.from);
    this.#parts.to.value = dashed(window.to);
    this.#parts.to.max = this.#parts.from.max = new Date().toISOString().slice(0, 10);
    this.#choices(this.#parts.class, classes, window.class, title);
    this.point();
  }

  #choose(event, days) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab of its own
    event.preventDefault();
    ask({ days });
  }

  #days(event) {
    event.preventDefault();
    const [from, to] = [this.#parts.from, this.#parts.to].map(({ value }) => value);
    this.#parts.to.setCustomValidity(from > to ? text("days.turned") : "");
    if (!event.target.reportValidity()) return;
    this.#parts.other.open = false;
    ask({ from: from.replaceAll("-", ""), to: to.replaceAll("-", "") });
  }

  #close() {
    this.#parts.other.open = false;
    this.#parts.other.querySelector("summary").focus();
  }

  #choices(select, names, chosen, told = String) {
    const fixed = [...select.options].filter((option) => option.dataset.text);
    const list = [...new Set([...names, chosen ?? ""])].filter((name) => !fixed.some(({ value }) => value === name));
    select.replaceChildren(...fixed, ...list.map((name) => make("option", { value: name }, told(name))));
    select.value = chosen ?? "";
  }
}

function dashed(day) {
  return dateOf(day).toISOString().slice(0, 10);
}
