/** All photos of the visitor: those just chosen, and those of earlier visits. */
import { announce } from "../shared/announcer.js";
import { partsOf } from "../shared/dom.js";
import { text } from "../shared/language.js";
import { Photo } from "./photo.js";
import { PhotoCard } from "./photo-card.js";
import * as storage from "./storage.js";

export class PhotoList {
  #parts;
  #cards = new Map(); // photo → card
  #interrupted = storage.unsettled();
  #dialog = document.querySelector('[data-module="clear-dialog"]');

  constructor(section) {
    this.#parts = partsOf(section);
    storage.predictions().forEach(([id, state]) => this.#parts.cards.append(this.#card(Photo.restored(id, state))));
    document.addEventListener("photos-chosen", (event) => this.#add(event.detail));
    addEventListener("storage", () => this.#show());
    this.#parts.clear.addEventListener("click", () => this.#dialog.showModal());
    this.#dialog.addEventListener("close", () => this.#clear());
    this.#parts["interrupted-done"].addEventListener("click", () => this.#dismiss());
    this.#show();
  }

  #add(files) {
    const photos = files.map((file) => new Photo(file));
    this.#parts.cards.prepend(...photos.map((photo) => this.#card(photo)));
    announce(text("added", { n: files.length }));
    photos.forEach((photo) => photo.send());
  }

  #card(photo) {
    const card = new PhotoCard(photo, () => this.#remove(photo));
    this.#cards.set(photo, card);
    photo.addEventListener("change", () => this.#follow(photo));
    return card.element;
  }

  #follow(photo) {
    if (photo.phase === "duplicate") this.#replaceDuplicate(photo);
    this.#show();
  }

  /** The same picture is under way already: one card is enough. */
  #replaceDuplicate(photo) {
    this.#remove(photo);
    this.#cards.get(photo.duplicateOf)?.focus();
    announce(text("photo.duplicate", { name: photo.name }));
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
    storage.clear();
    document.querySelector("#photos").focus();
    announce(text("cleared"));
    this.#show();
  }

  #dismiss() {
    this.#interrupted.forEach(storage.settle);
    document.querySelector("#photos").focus();
    this.#show();
  }

  #show() {
    const unsettled = storage.unsettled();
    const n = this.#interrupted.filter((digest) => unsettled.includes(digest)).length;
    this.#parts.interrupted.hidden = n === 0;
    this.#parts["interrupted-text"].textContent = text("interrupted", { n });
    this.#parts.clear.hidden = this.#cards.size === 0 && n === 0;
  }
}
