/** All photos of the visitor: those just chosen, and those that this browser remembers. */
import { announce } from "./announcer.js";
import { Card } from "./card.js";
import { text } from "./language.js";
import * as memory from "./memory.js";
import { Photo } from "./photo.js";

export class Photos {
  #parts = {};
  #cards = new Map(); // photo → card
  #lost = memory.unsettled();
  #dialog = document.querySelector('[data-module="clear-dialog"]');

  constructor(section) {
    section.querySelectorAll("[data-part]").forEach((part) => { this.#parts[part.dataset.part] = part; });
    memory.predictions().forEach(([id, said]) => this.#parts.cards.append(this.#card(Photo.remembered(id, said))));
    document.addEventListener("photos-chosen", (event) => this.#add(event.detail));
    addEventListener("storage", () => this.#show());
    this.#parts.clear.addEventListener("click", () => this.#dialog.showModal());
    this.#dialog.addEventListener("close", () => this.#clear());
    this.#parts["lost-done"].addEventListener("click", () => this.#dismiss());
    this.#show();
  }

  #add(files) {
    const photos = files.map((file) => new Photo(file));
    this.#parts.cards.prepend(...photos.map((photo) => this.#card(photo)));
    announce(text("added", { n: files.length }));
    photos.forEach((photo) => photo.send());
  }

  #card(photo) {
    const card = new Card(photo, () => this.#remove(photo));
    this.#cards.set(photo, card);
    photo.addEventListener("change", () => this.#follow(photo));
    return card.element;
  }

  #follow(photo) {
    if (photo.phase === "twice") this.#join(photo);
    this.#show();
  }

  /** The same picture is under way already: one card is enough. */
  #join(photo) {
    this.#remove(photo);
    this.#cards.get(photo.twin)?.focus();
    announce(text("photo.twice", { name: photo.name }));
  }

  #remove(photo) {
    const { element } = this.#cards.get(photo);
    if (element.contains(document.activeElement)) document.querySelector("#photos").focus();
    URL.revokeObjectURL(element.querySelector("img").src);
    element.remove();
    this.#cards.delete(photo);
    this.#show();
  }

  #clear() {
    if (this.#dialog.returnValue !== "clear") return;
    this.#dialog.returnValue = "";
    for (const photo of [...this.#cards.keys()]) {
      photo.cancel();
      this.#remove(photo);
    }
    memory.forget();
    document.querySelector("#photos").focus();
    announce(text("cleared"));
    this.#show();
  }

  #dismiss() {
    this.#lost.forEach(memory.settled);
    document.querySelector("#photos").focus();
    this.#show();
  }

  #show() {
    const unsettled = memory.unsettled();
    const n = this.#lost.filter((digest) => unsettled.includes(digest)).length;
    this.#parts.lost.hidden = n === 0;
    this.#parts["lost-text"].textContent = text("lost", { n });
    this.#parts.clear.hidden = this.#cards.size === 0 && n === 0;
  }
}
