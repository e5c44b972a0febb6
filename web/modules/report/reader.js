/** Reads the report that the address asks for, and shows it or what stands in its way. */
import { announce } from "../announcer.js";
import { call } from "../gateway.js";
import { text } from "../language.js";
import { persist } from "../persist.js";
import { problem, remedy } from "../words.js";
import { asked, query } from "./asked.js";
import { partsOf, say } from "./dom.js";
import { daysName, moment } from "./figures.js";
import { Filters } from "./filters.js";
import { Gate } from "./gate.js";
import { sentence } from "./headline.js";
import { forget, token } from "./token.js";

const SILENCE = 150_000; // a report over a million predictions may take two minutes
const SECOND = 1000;

export class Reader {
  #page;
  #parts;
  #sections;
  #filters;
  #gate;
  #stop = new AbortController();
  #trouble = null;
  #clock;

  /** `sections` are those that show a report. */
  constructor(page, sections) {
    this.#page = page;
    this.#parts = partsOf(page);
    this.#sections = sections;
    this.#filters = new Filters(page.querySelector('[data-module="filters"]'));
    this.#gate = new Gate(page.querySelector('[data-module="gate"]'));
    this.#gate.addEventListener("token", () => this.#entered());
    asked.addEventListener("change", () => this.read());
    this.#parts.forget.addEventListener("click", () => this.#forget());
    this.#parts.print.addEventListener("click", () => print());
    this.#parts.again.addEventListener("click", () => (this.#trouble?.now ?? (() => this.read()))());
  }

  /** Read it; what was being read before is not wanted any more. */
  async read() {
    this.#stop.abort();
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#filters.point();
    this.#become("loading");
    try {
      const onWait = (trouble) => this.#wait(trouble);
      this.#show(await persist(() => this.#fetch(signal), { signal, onWait }));
    } catch (failure) {
      if (!signal.aborted) this.#fail(failure);
    }
  }

  #fetch(signal) {
    const wanted = query();
    return call(wanted ? `report?${wanted}` : "report", { token: token(), signal, silence: SILENCE });
  }

  #show(report) {
    this.#become("shown");
    say(this.#parts.window, daysName(report.window.from, report.window.to));
    say(this.#parts.serving, report.model && text("serving", report.model));
    this.#parts.open.hidden = !report.window.open_day;
    say(this.#parts.made, text("made", { time: moment(report.generated_at) }));
    this.#page.dataset.known = Boolean(report.accuracy.best);
    this.#filters.show(report);
    this.#sections.forEach((section) => section.show(report));
    announce(sentence(report));
  }

  async #entered() {
    await this.read();
    if (this.#page.dataset.state === "shown") this.#parts.title.focus();
  }

  #forget() {
    forget();
    announce(text("token.forgotten"));
    this.read();
  }

  #wait(trouble) {
    this.#become("waiting", trouble);
    announce(problem(trouble));
  }

  #fail(failure) {
    if (failure.kind === "unauthorised") {
      this.#become("locked");
      this.#gate.ask();
      forget();
      this.#parts.forget.hidden = true;
    } else {
      this.#become(failure.passing ? "failed" : "refused", { failure });
      announce(this.#parts.problem.textContent);
    }
  }

  #become(state, trouble = null) {
    this.#trouble = trouble;
    this.#page.dataset.state = state;
    this.#parts.report.ariaBusy = state === "loading" ? "true" : null;
    this.#parts.forget.hidden = !token();
    this.#tell(state);
  }

  /** The wait counts down. */
  #tell(state) {
    clearTimeout(this.#clock);
    if (!this.#trouble) return;
    const isRefused = state === "refused";
    say(this.#parts.problem, isRefused ? text("refused") : problem(this.#trouble));
    say(this.#parts.remedy, isRefused ? text("refused.detail") : remedy(this.#trouble));
    this.#parts.again.hidden = isRefused || (state === "waiting" && !this.#trouble.now);
    this.#parts.reset.hidden = !isRefused;
    if (this.#trouble.until) this.#clock = setTimeout(() => this.#tell(state), SECOND);
  }
}
