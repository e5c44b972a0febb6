/** What the visitor says about one prediction, until the service knows it too. */
import { call } from "./gateway.js";
import * as memory from "./memory.js";
import { persist } from "./persist.js";

const NOTHING = { flagged: false, class: "", unsent: [] };
const TAKEN_BACK = { flag: { flagged: false }, relabel: { class: "" } };

/** Tells "change" whenever there is something new to show. */
export class Opinion extends EventTarget {
  #id;
  #sending = false;
  #forgotten = new AbortController();

  /** What keeps the service from knowing: as of a Photo. */
  trouble = null;

  constructor(id, said = NOTHING) {
    super();
    this.#id = id;
    this.#become({ ...NOTHING, ...said });
    this.tell();
  }

  /** Whether the service does not know all of it yet. */
  get isUntold() {
    return this.said.unsent.length > 0;
  }

  /** The answer is wrong. Once is enough. */
  flag() {
    if (!this.said.flagged) this.#say("flag", { flagged: true });
  }

  /** The right class. */
  relabel(name) {
    if (name !== this.said.class) this.#say("relabel", { class: name });
  }

  /** Say no more. */
  forget() {
    this.#forgotten.abort();
  }

  /** Send what is untold, one thing after the other, so that the last word stays the last. */
  async tell() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.isUntold) await this.#send(this.said.unsent[0]);
    } catch (failure) {
      if (!this.#forgotten.signal.aborted) this.#fail(failure);
    }
    this.#sending = false;
  }

  /** Kept before it is sent: after a reload it goes on from here. */
  #say(what, said) {
    const unsent = [...new Set([...this.said.unsent, what])];
    this.#become({ ...this.said, ...said, unsent });
    this.trouble?.now?.();
    this.tell();
  }

  async #send(what) {
    const { signal } = this.#forgotten;
    let told;
    const attempt = () => {
      told = this.said.class;
      this.#meet(null);
      return call(what, { body: new URLSearchParams({ prediction_id: this.#id, class: told }), signal });
    };
    await persist(attempt, { signal, onWait: (trouble) => this.#meet(trouble) });
    if (what === "relabel" && told !== this.said.class) return; // the visitor went on to another class meanwhile
    this.#become({ ...this.said, unsent: this.said.unsent.filter((other) => other !== what) });
  }

  /** What may still succeed is kept and can be sent again; what is refused was never said. */
  #fail(failure) {
    if (!failure.passing) {
      const [refused, ...unsent] = this.said.unsent;
      this.#become({ ...this.said, ...TAKEN_BACK[refused], unsent });
    }
    this.#meet({ failure, now: failure.passing ? () => this.tell() : undefined });
  }

  #become(said) {
    this.said = said;
    if (!this.#forgotten.signal.aborted) memory.keep(this.#id, said);
    this.dispatchEvent(new Event("change"));
  }

  #meet(trouble) {
    this.trouble = trouble;
    this.dispatchEvent(new Event("change"));
  }
}
