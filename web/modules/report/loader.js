/** Loads the report of the query, and shows it, or why it cannot. */
import { announce } from "../shared/announcer.js";
import { partsOf, setText } from "../shared/dom.js";
import { adviceText, failureText } from "../shared/failure-text.js";
import { call } from "../shared/gateway.js";
import { text } from "../shared/language.js";
import { retry } from "../shared/retry.js";
import { accuracySentence } from "./accuracy.js";
import { Filters } from "./filters.js";
import { dateTimeText, daysText } from "./format.js";
import { queryChanges, queryString } from "./query.js";
import { TokenForm, forgetToken, token } from "./token.js";

const TIMEOUT = 150_000; // a report over a million predictions may take two minutes
const SECOND = 1000;

export class Loader {
  #page;
  #parts;
  #sections;
  #filters;
  #tokenForm;
  #cancellation = new AbortController();
  #trouble = null;
  #timer;

  /** `sections` are those that show a report. */
  constructor(page, sections) {
    this.#page = page;
    this.#parts = partsOf(page);
    this.#sections = sections;
    this.#filters = new Filters(page.querySelector('[data-module="filters"]'));
    this.#tokenForm = new TokenForm(page.querySelector('[data-module="token-form"]'));
    this.#tokenForm.addEventListener("token", () => this.#loadWithToken());
    queryChanges.addEventListener("change", () => this.load());
    this.#parts.forget.addEventListener("click", () => this.#forget());
    this.#parts.print.addEventListener("click", () => print());
    this.#parts.again.addEventListener("click", () => (this.#trouble?.now ?? (() => this.load()))());
  }

  /** Load it; a load that is under way ends. */
  async load() {
    this.#cancellation.abort();
    this.#cancellation = new AbortController();
    const { signal } = this.#cancellation;
    this.#filters.showQuery();
    this.#enter("loading");
    try {
      const onWait = (trouble) => this.#wait(trouble);
      this.#show(await retry(() => this.#fetch(signal), { signal, onWait }));
    } catch (failure) {
      if (!signal.aborted) this.#fail(failure);
    }
  }

  #fetch(signal) {
    const query = queryString();
    return call(query ? `report?${query}` : "report", { token: token(), signal, timeout: TIMEOUT });
  }

  #show(report) {
    this.#enter("shown");
    setText(this.#parts.window, daysText(report.window.from, report.window.to));
    setText(this.#parts.serving, report.model && text("serving", report.model));
    this.#parts.open.hidden = !report.window.open_day;
    setText(this.#parts.made, text("made", { time: dateTimeText(report.generated_at) }));
    this.#page.dataset.known = Boolean(report.accuracy.best);
    this.#filters.show(report);
    this.#sections.forEach((section) => section.show(report));
    announce(accuracySentence(report));
  }

  async #loadWithToken() {
    await this.load();
    if (this.#page.dataset.state === "shown") this.#parts.title.focus();
  }

  #forget() {
    forgetToken();
    announce(text("token.forgotten"));
    this.load();
  }

  #wait(trouble) {
    this.#enter("waiting", trouble);
    announce(failureText(trouble));
  }

  #fail(failure) {
    if (failure.kind === "unauthorised") {
      this.#enter("locked");
      this.#tokenForm.ask();
      forgetToken();
      this.#parts.forget.hidden = true;
    } else {
      this.#enter(failure.passing ? "failed" : "refused", { failure });
      announce(this.#parts.problem.textContent);
    }
  }

  #enter(state, trouble = null) {
    this.#trouble = trouble;
    this.#page.dataset.state = state;
    this.#parts.report.ariaBusy = state === "loading" ? "true" : null;
    this.#parts.forget.hidden = !token();
    this.#showTrouble(state);
  }

  /** While it waits for a next try, again every second: the wait counts down. */
  #showTrouble(state) {
    clearTimeout(this.#timer);
    if (!this.#trouble) return;
    const isRefused = state === "refused";
    setText(this.#parts.problem, isRefused ? text("refused") : failureText(this.#trouble));
    setText(this.#parts.advice, isRefused ? text("refused.detail") : adviceText(this.#trouble));
    this.#parts.again.hidden = isRefused || (state === "waiting" && !this.#trouble.now);
    this.#parts.reset.hidden = !isRefused;
    if (this.#trouble.until) this.#timer = setTimeout(() => this.#showTrouble(state), SECOND);
  }
}
