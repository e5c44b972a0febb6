/** A share as a dot in its interval, between nothing and all. Seen only: the words stand beside it. */
import { make } from "./dom.js";

/** The bar. */
export function gauge({ value, low, high }) {
  const made = make("span", { className: "gauge", ariaHidden: "true" }, make("span"), make("i"));
  Object.entries({ value, low, high }).forEach(([name, share]) => made.style.setProperty(`--${name}`, share));
  return made;
}
