/** Elements from facts: words only ever enter as text. */

const SVG = "http://www.w3.org/2000/svg";

/** An element with these properties, and what is in it: elements, or words. */
export function make(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** A shape of a drawing. */
export function draw(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.append(...children);
  return made;
}

/** The element's parts by their names. */
export function partsOf(element) {
  const parts = [...element.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]);
  return Object.fromEntries(parts);
}

/** Put the words there; without words, hide it. */
export function say(element, words) {
  element.textContent = words || "";
  element.hidden = !words;
}
