/** The card of one photo: shows its state, and passes on what the visitor does. */
import { announce } from "../shared/announcer.js";
import { partsOf, setText } from "../shared/dom.js";
import { adviceText, failureText } from "../shared/failure-text.js";
import { breakable, classText, percent, text, timeText } from "../shared/language.js";
import { pickClass } from "./class-dialog.js";
import { statusText, thanksText } from "./photo-text.js";

const MOST_CLASSES = 3;
const LEAST_CONFIDENCE = 0.01;
const DOUBLE_CLICK = 500;
const SECOND = 1000;

export class PhotoCard {
  #photo;
  #parts;
  #lastClick = null;
  #announced = "";
  #timer;

  /** `remove` is called when the visitor removes the card. */
  constructor(photo, remove) {
    this.#photo = photo;
    this.element = document.querySelector("#card").content.firstElementChild.cloneNode(true);
    this.#parts = partsOf(this.element);
    this.element.addEventListener("click", (event) => this.#ignoreSecondClick(event), { capture: true });
    this.#onClick("flag", () => photo.feedback.flag());
    this.#onClick("relabel", () => this.#relabel());
    this.#onClick("again", () => (this.#trouble ? this.#trouble.now() : photo.send()));
    this.#onClick("cancel", () => photo.cancel());
    this.#onClick("remove", remove);
    photo.addEventListener("change", () => this.#show());
    if (photo.file) this.#preview();
    else setText(this.#parts.time, text("photo.of", { time: timeText(photo.time) }));
    this.#show();
  }

  /** Bring it to the visitor's attention. */
  focus() {
    this.#parts.heading.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  get #trouble() {
    return this.#photo.trouble ?? this.#photo.feedback?.trouble ?? null;
  }

  #onClick(part, action) {
    this.#parts[part].addEventListener("click", action);
  }

  /** A double click is one click, even where the first put another button in its place. */
  #ignoreSecondClick(event) {
    const last = this.#lastClick;
    this.#lastClick = event;
    const isSecond = last?.clientX === event.clientX && last.clientY === event.clientY
      && event.timeStamp - last.timeStamp < DOUBLE_CLICK && event.detail > 0;
    if (isSecond) event.stopPropagation();
  }

  #preview() {
    const { picture } = this.#parts;
    picture.addEventListener("load", () => { picture.hidden = false; });
    picture.alt = text("photo.alt", { name: this.#photo.name });
    picture.src = URL.createObjectURL(this.#photo.file);
  }

  async #relabel() {
    const { feedback } = this.#photo;
    const name = await pickClass(feedback.state.class);
    if (name) feedback.relabel(name);
  }

  #show() {
    const focused = document.activeElement;
    this.#showTexts();
    this.#showButtons();
    this.#showProgress();
    this.#showConfidences();
    this.#announce();
    if (this.element.contains(focused) && focused.hidden) this.#parts.heading.focus();
  }

  /** While it waits for a next try, again every second: the wait counts down. */
  #showTexts() {
    const { answer, feedback } = this.#photo;
    const { heading, detail } = statusText(this.#photo);
    const trouble = this.#photo.time || answer ? this.#trouble : null;
    setText(this.#parts.heading, heading);
    setText(this.#parts.detail, detail);
    setText(this.#parts.trouble, trouble && `${failureText(trouble)}. ${adviceText(trouble)}`);
    setText(this.#parts.thanks, feedback && !trouble && thanksText(feedback, answer));
    this.element.dataset.phase = this.#photo.phase;
    this.element.dataset.origin = this.#photo.file ? "chosen" : "remembered";
    clearTimeout(this.#timer);
    if (this.#trouble?.until) this.#timer = setTimeout(() => this.#showTexts(), SECOND);
  }

  #showButtons() {
    const { feedback, isUnderWay, phase } = this.#photo;
    const trouble = this.#trouble;
    const isOver = phase === "failed" || phase === "cancelled";
    this.#button("flag", feedback, feedback?.state.flagged ? "flagged" : "flag");
    this.#button("relabel", feedback, feedback?.state.class ? "change" : "relabel");
    this.#button("again", trouble?.now || phase === "cancelled", againLabel(trouble));
    this.#button("cancel", isUnderWay, "cancel");
    this.#button("remove", isOver, "remove");
    this.#parts.flag.ariaDisabled = feedback?.state.flagged ? "true" : null;
  }

  #button(part, isOffered, label) {
    this.#parts[part].hidden = !isOffered;
    this.#parts[part].lastElementChild.textContent = text(label);
  }

  #showProgress() {
    const { phase, progress } = this.#photo;
    this.#parts.progress.ariaLabel = statusText(this.#photo).heading;
    this.#parts.progress.hidden = !["queued", "preparing", "sending", "classifying"].includes(phase);
    if (phase === "sending") this.#parts.progress.value = progress;
    else this.#parts.progress.removeAttribute("value");
  }

  #showConfidences() {
    const { answer } = this.#photo;
    if (!answer || !this.#parts.confidences.hidden) return;
    this.#parts.confidences.hidden = false;
    const others = answer.top.slice(1, MOST_CLASSES).filter(({ confidence }) => confidence >= LEAST_CONFIDENCE);
    this.#parts.confidences.append(...[answer, ...others].map(confidenceRow));
  }

  /** Steps on the way are only shown; where it ends, stops or goes on is also read out. */
  #announce() {
    const { answer, name, phase } = this.#photo;
    const trouble = this.#trouble;
    const { heading, detail } = statusText(this.#photo);
    const sentence = trouble ? failureText(trouble) : this.#parts.thanks.textContent || `${heading}. ${detail}`.trim();
    const isNews = answer || trouble || phase === "cancelled";
    if (isNews && sentence !== this.#announced) announce(`${name}: ${sentence}`);
    this.#announced = sentence;
  }
}

function againLabel(trouble) {
  if (!trouble) return "send.again";
  return trouble.until === undefined ? "again" : "now";
}

function confidenceRow({ class: name, confidence }) {
  const row = document.querySelector("#confidence").content.firstElementChild.cloneNode(true);
  row.querySelector("dt").textContent = breakable(classText(name));
  row.querySelector(".number").textContent = percent(confidence);
  row.querySelector(".bar").style.setProperty("--share", confidence);
  return row;
}
