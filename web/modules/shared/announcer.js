/** Has a screen reader read something out, without moving the focus. */
import { make } from "./dom.js";

const MOST_LINES = 5;

const region = document.querySelector('[data-module="announcer"]');

/** Have a sentence read out after those before it. */
export function announce(sentence) {
  region.append(make("p", {}, sentence));
  while (region.children.length > MOST_LINES) region.firstElementChild.remove();
}
