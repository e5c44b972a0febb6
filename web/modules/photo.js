/** One photo on its way from the visitor's choice to an answer. */
import { momentOf, recalled } from "./about.js";
import { call } from "./gateway.js";
import * as memory from "./memory.js";
import { Opinion } from "./opinion.js";
import { persist } from "./persist.js";
import { Slots } from "./slots.js";
import { digest, prepared } from "./upload.js";

const desk = new Slots(1); // a phone has memory for one large decode
const line = new Slots(2);
const underWay = new Map(); // digest → photo

/**
 * Tells "change" whenever there is something new to show. `phase` is preparing, queued, sending, looking or waiting, and in
 * the end answered, failed, cancelled, or twice (the same picture is under way already). After a reload: recalling.
 */
export class Photo extends EventTarget {
  #stop = new AbortController();
  #upload;
  #digest;
  #key;
  phase = "chosen";
  progress = 0;

  /** What stands in its way: null, or {failure, until, now} as persist tells them; without `until` it came to an end. */
  trouble = null;

  constructor(file) {
    super();
    this.file = file;
    this.name = file?.name ?? "";
  }

  /** A photo of an earlier visit, of which there is no more than its id and what was said about it. */
  static remembered(id, said) {
    const photo = new Photo(null);
    photo.time = momentOf(id);
    photo.#hear(new Opinion(id, said));
    photo.recall(id);
    return photo;
  }

  /** Whether it is on its way. */
  get isUnderWay() {
    return ["preparing", "queued", "sending", "looking", "waiting"].includes(this.phase);
  }

  /** Send it; again only when it ended without an answer, and then under the same Idempotency-Key. */
  async send() {
    if (this.isUnderWay || this.answer) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#become("preparing");
    try {
      await desk.run(() => this.#prepare(), signal);
      this.twin = underWay.get(this.#digest);
      if (this.twin) this.#become("twice");
      else await this.#deliver(signal);
    } catch (failure) {
      this.#end(failure, signal.aborted);
    }
  }

  /** Send no more of it, and say no more about it. */
  cancel() {
    this.#stop.abort();
    this.opinion?.forget();
  }

  /** Ask again what the service knows by heart: the class behind the number in an id. */
  async recall(id) {
    this.#become("recalling");
    try {
      this.answer = await recalled(id);
      this.#become("answered");
    } catch (failure) {
      this.#become("recalling", { trouble: { failure, now: () => this.recall(id) } });
    }
  }

  async #prepare() {
    this.#upload ??= await prepared(this.file);
    this.#digest ??= await digest(this.#upload);
  }

  async #deliver(signal) {
    this.#key = memory.keyOf(this.#digest, this.#key);
    if (this.#digest) underWay.set(this.#digest, this);
    this.#become("queued");
    const onWait = (trouble) => this.#become("waiting", { trouble });
    try {
      const answer = await line.run(() => persist(() => this.#attempt(signal), { signal, onWait }), signal);
      signal.throwIfAborted();
      this.#hear(new Opinion(answer.prediction_id));
      this.#settle();
      this.answer = answer;
      this.#become("answered");
    } finally {
      underWay.delete(this.#digest);
    }
  }

  #attempt(signal) {
    const body = new FormData();
    body.append("file", this.#upload, this.name);
    this.#become("sending", { progress: 0 });
    const onProgress = (progress) => this.#become(progress < 1 ? "sending" : "looking", { progress });
    return call("predict", { body, key: this.#key, signal, onProgress });
  }

  #end(failure, isCancelled) {
    if (isCancelled || !failure.passing) this.#settle();
    const isWorthATry = failure.passing || failure.kind === "refused";
    const trouble = isCancelled ? null : { failure, now: isWorthATry ? () => this.send() : undefined };
    this.#become(isCancelled ? "cancelled" : "failed", { trouble });
  }

  #hear(opinion) {
    this.opinion = opinion;
    opinion.addEventListener("change", () => this.dispatchEvent(new Event("change")));
  }

  #settle() {
    if (this.#digest) memory.settled(this.#digest);
  }

  #become(phase, facts = {}) {
    Object.assign(this, { phase, trouble: null }, facts);
    this.dispatchEvent(new Event("change"));
  }
}
