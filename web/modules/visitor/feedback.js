/** The visitor's feedback on one prediction, until the service has it too. */
import { call } from "../shared/gateway.js";
import { retry } from "../shared/retry.js";
import * as storage from "./storage.js";

const NONE = { flagged: false, class: "", unsent: [] };
const REVERTED = { flag: { flagged: false }, relabel: { class: "" } };

/** Dispatches "change" whenever there is something new to show. */
export class Feedback extends EventTarget {
  #id;
  #isSending = false;
  #forgotten = new AbortController();

  /** Why the service does not have it: as of a Photo. */
  trouble = null;

  /** `state` is {flagged, class, unsent}; `unsent` lists the functions that are still to be called: flag, relabel. */
  constructor(id, state = NONE) {
    super();
    this.#id = id;
    this.#update({ ...NONE, ...state });
    this.send();
  }

  /** Whether the service does not have all of it yet. */
  get isUnsent() {
    return this.state.unsent.length > 0;
  }

  /** The answer is wrong. Once is enough. */
  flag() {
    if (!this.state.flagged) this.#change("flag", { flagged: true });
  }

  /** The right class. */
  relabel(name) {
    if (name !== this.state.class) this.#change("relabel", { class: name });
  }

  /** Send and store no more of it. */
  forget() {
    this.#forgotten.abort();
  }

  /** Send what is unsent, one call after the other, so that the last choice stays the last. */
  async send() {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      while (this.isUnsent) await this.#call(this.state.unsent[0]);
    } catch (failure) {
      if (!this.#forgotten.signal.aborted) this.#fail(failure);
    }
    this.#isSending = false;
  }

  /** Stored before it is sent: after a reload it goes on from here. */
  #change(name, changes) {
    const unsent = [...new Set([...this.state.unsent, name])];
    this.#update({ ...this.state, ...changes, unsent });
    this.trouble?.now?.();
    this.send();
  }

  async #call(name) {
    const { signal } = this.#forgotten;
    let sentClass;
    const attempt = () => {
      sentClass = this.state.class;
      this.#report(null);
      return call(name, { body: new URLSearchParams({ prediction_id: this.#id, class: sentClass }), signal });
    };
    await retry(attempt, { signal, onWait: (trouble) => this.#report(trouble) });
    if (name === "relabel" && sentClass !== this.state.class) return; // the visitor chose another class meanwhile
    this.#update({ ...this.state, unsent: this.state.unsent.filter((other) => other !== name) });
  }

  /** What may still succeed is kept and can be sent again; what is refused is undone. */
  #fail(failure) {
    if (!failure.passing) {
      const [refused, ...unsent] = this.state.unsent;
      this.#update({ ...this.state, ...REVERTED[refused], unsent });
    }
    this.#report({ failure, now: failure.passing ? () => this.send() : undefined });
  }

  #update(state) {
    this.state = state;
    if (!this.#forgotten.signal.aborted) storage.keepFeedback(this.#id, state);
    this.dispatchEvent(new Event("change"));
  }

  #report(trouble) {
    this.trouble = trouble;
    this.dispatchEvent(new Event("change"));
  }
}
