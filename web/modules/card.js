/** The card of one photo: shows how it stands, and passes on what the visitor does. */
import { announce } from "./announcer.js";
import { pickClass } from "./class-dialog.js";
import { called, percent, text, when } from "./language.js";
import { problem, remedy, story, thanks } from "./words.js";

const SHOWN = 3;
const WORTH_NAMING = 0.01;
const DOUBLE_CLICK = 500;
const SECOND = 1000;

export class Card {
  #photo;
  #parts = {};
  #clicked = null;
  #announced = "";
  #clock;

  /** `remove` is called when the visitor wants to see the card no more. */
  constructor(photo, remove) {
    this.#photo = photo;
    this.element = document.querySelector("#card").content.firstElementChild.cloneNode(true);
    this.element.querySelectorAll("[data-part]").forEach((part) => { this.#parts[part.dataset.part] = part; });
    this.element.addEventListener("click", (event) => this.#once(event), { capture: true });
    this.#when("flag", () => photo.opinion.flag());
    this.#when("relabel", () => this.#relabel());
    this.#when("again", () => (this.#trouble ? this.#trouble.now() : photo.send()));
    this.#when("cancel", () => photo.cancel());
    this.#when("remove", remove);
    photo.addEventListener("change", () => this.#show());
    if (photo.file) this.#preview();
    else this.#write("time", text("photo.of", { time: when(photo.time) }));
    this.#show();
  }

  /** Bring it to the visitor's attention. */
  focus() {
    this.#parts.heading.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  get #trouble() {
    return this.#photo.trouble ?? this.#photo.opinion?.trouble ?? null;
  }

  #when(part, action) {
    this.#parts[part].addEventListener("click", action);
  }

  /** A double click is one click, even where the first put another button in its place. */
  #once(event) {
    const last = this.#clicked;
    this.#clicked = event;
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
    const { opinion } = this.#photo;
    const name = await pickClass(opinion.said.class);
    if (name) opinion.relabel(name);
  }

  #show() {
    const held = document.activeElement;
    this.#tell();
    this.#offer();
    this.#progress();
    this.#shares();
    this.#announce();
    if (this.element.contains(held) && held.hidden) this.#parts.heading.focus();
  }

  #tell() {
    const { answer, opinion } = this.#photo;
    const { heading, detail } = story(this.#photo);
    const trouble = this.#photo.time || answer ? this.#trouble : null;
    this.#write("heading", heading);
    this.#write("detail", detail);
    this.#write("trouble", trouble && `${problem(trouble)}. ${remedy(trouble)}`);
    this.#write("said", opinion && !trouble && thanks(opinion, answer));
    this.element.dataset.phase = this.#photo.phase;
    this.element.dataset.origin = this.#photo.file ? "chosen" : "remembered";
    this.#tick();
  }

  /** The wait counts down. */
  #tick() {
    clearTimeout(this.#clock);
    if (this.#trouble?.until) this.#clock = setTimeout(() => this.#tell(), SECOND);
  }

  #offer() {
    const { isUnderWay, opinion, phase } = this.#photo;
    const trouble = this.#trouble;
    const isOver = phase === "failed" || phase === "cancelled";
    this.#button("flag", opinion, opinion?.said.flagged ? "flagged" : "flag");
    this.#button("relabel", opinion, opinion?.said.class ? "change" : "relabel");
    this.#button("again", trouble?.now || phase === "cancelled", again(trouble));
    this.#button("cancel", isUnderWay, "cancel");
    this.#button("remove", isOver, "remove");
    this.#parts.flag.ariaDisabled = opinion?.said.flagged ? "true" : null;
  }

  #progress() {
    const { phase, progress } = this.#photo;
    this.#parts.progress.ariaLabel = story(this.#photo).heading;
    this.#parts.progress.hidden = !["queued", "preparing", "sending", "looking"].includes(phase);
    if (phase === "sending") this.#parts.progress.value = progress;
    else this.#parts.progress.removeAttribute("value");
  }

  #shares() {
    const { answer } = this.#photo;
    if (!answer || !this.#parts.shares.hidden) return;
    this.#parts.shares.hidden = false;
    const others = answer.top.slice(1, SHOWN).filter(({ confidence }) => confidence >= WORTH_NAMING);
    this.#parts.shares.append(...[answer, ...others].map(share));
  }

  /** Steps on the way are seen only; where it ends, stops or goes on is also heard. */
  #announce() {
    const { answer, name, phase } = this.#photo;
    const trouble = this.#trouble;
    const { heading, detail } = story(this.#photo);
    const told = trouble ? problem(trouble) : this.#parts.said.textContent || `${heading}. ${detail}`.trim();
    const isNews = answer || trouble || phase === "cancelled";
    if (isNews && told !== this.#announced) announce(`${name}: ${told}`);
    this.#announced = told;
  }

  #write(part, words) {
    this.#parts[part].textContent = words || "";
    this.#parts[part].hidden = !words;
  }

  #button(part, isOffered, name) {
    this.#parts[part].hidden = !isOffered;
    this.#parts[part].lastElementChild.textContent = text(name);
  }
}

function again(trouble) {
  if (!trouble) return "send.again";
  return trouble.until === undefined ? "again" : "now";
}

function share({ class: name, confidence }) {
  const made = document.querySelector("#share").content.firstElementChild.cloneNode(true);
  made.querySelector("dt").textContent = called(name);
  made.querySelector(".number").textContent = percent(confidence);
  made.querySelector(".bar").style.setProperty("--share", confidence);
  return made;
}
