/** One photo, from the visitor's choice to the model's answer. */
import { call } from "../shared/gateway.js";
import { retry } from "../shared/retry.js";
import { digest, downscaled } from "./downscale.js";
import { Feedback } from "./feedback.js";
import { answerFromId, timeFromId } from "./model-info.js";
import { Semaphore } from "./semaphore.js";
import * as storage from "./storage.js";

const decoding = new Semaphore(1); // a phone has memory for one large picture
const sending = new Semaphore(2);
const underWay = new Map(); // digest → photo

/**
 * Dispatches "change" whenever there is something new to show. `phase` is preparing, queued, sending, classifying or waiting,
 * and in the end answered, failed, cancelled, or duplicate (the same picture is under way already). After a reload: restoring.
 */
export class Photo extends EventTarget {
  #cancellation = new AbortController();
  #upload;
  #digest;
  #key;
  phase = "chosen";
  progress = 0;

  /** Why there is no answer: null, or {failure, until, now} as `retry` reports it; without `until` there is no next try. */
  trouble = null;

  constructor(file) {
    super();
    this.file = file;
    this.name = file?.name ?? "";
  }

  /** A photo of an earlier visit, of which there is no more than its prediction's id and the feedback. */
  static restored(id, state) {
    const photo = new Photo(null);
    photo.time = timeFromId(id);
    photo.#follow(new Feedback(id, state));
    photo.restore(id);
    return photo;
  }

  /** Whether it is being sent, or waits for that. */
  get isUnderWay() {
    return ["preparing", "queued", "sending", "classifying", "waiting"].includes(this.phase);
  }

  /** Send it; again only when it ended without an answer, and then under the same Idempotency-Key. */
  async send() {
    if (this.isUnderWay || this.answer) return;
    this.#cancellation = new AbortController();
    const { signal } = this.#cancellation;
    this.#enter("preparing");
    try {
      await decoding.run(() => this.#prepare(), signal);
      this.duplicateOf = underWay.get(this.#digest);
      if (this.duplicateOf) this.#enter("duplicate");
      else await this.#deliver(signal);
    } catch (failure) {
      this.#end(failure, signal.aborted);
    }
  }

  /** Send no more of it, nor feedback on it. */
  cancel() {
    this.#cancellation.abort();
    this.feedback?.forget();
  }

  /** The answer of an earlier visit, from the id. */
  async restore(id) {
    this.#enter("restoring");
    try {
      this.answer = await answerFromId(id);
      this.#enter("answered");
    } catch (failure) {
      this.#enter("restoring", { trouble: { failure, now: () => this.restore(id) } });
    }
  }

  async #prepare() {
    this.#upload ??= await downscaled(this.file);
    this.#digest ??= await digest(this.#upload);
  }

  async #deliver(signal) {
    this.#key = storage.idempotencyKey(this.#digest, this.#key);
    if (this.#digest) underWay.set(this.#digest, this);
    this.#enter("queued");
    const onWait = (trouble) => this.#enter("waiting", { trouble });
    try {
      const answer = await sending.run(() => retry(() => this.#attempt(signal), { signal, onWait }), signal);
      signal.throwIfAborted();
      this.#follow(new Feedback(answer.prediction_id));
      this.#settle();
      this.answer = answer;
      this.#enter("answered");
    } finally {
      underWay.delete(this.#digest);
    }
  }

  #attempt(signal) {
    const body = new FormData();
    body.append("file", this.#upload, this.name);
    this.#enter("sending", { progress: 0 });
    const onProgress = (progress) => this.#enter(progress < 1 ? "sending" : "classifying", { progress });
    return call("predict", { body, key: this.#key, signal, onProgress });
  }

  #end(failure, isCancelled) {
    if (isCancelled || !failure.passing) this.#settle();
    const isRetryable = failure.passing || failure.kind === "refused";
    const trouble = isCancelled ? null : { failure, now: isRetryable ? () => this.send() : undefined };
    this.#enter(isCancelled ? "cancelled" : "failed", { trouble });
  }

  #follow(feedback) {
    this.feedback = feedback;
    feedback.addEventListener("change", () => this.dispatchEvent(new Event("change")));
  }

  #settle() {
    if (this.#digest) storage.settle(this.#digest);
  }

  #enter(phase, facts = {}) {
    Object.assign(this, { phase, trouble: null }, facts);
    this.dispatchEvent(new Event("change"));
  }
}
