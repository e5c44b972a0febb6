/** Elements and their text. Words only ever enter as text, never as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** An element with these properties and children: elements or words. */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** The same for a shape of an SVG drawing, with attributes. */
export function makeShape(name, attributes = {}, ...children) {
  const shape = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => shape.setAttribute(key, value));
  shape.append(...children);
  return shape;
}

/** The descendants that carry data-part, by its value. */
export function partsOf(element) {
  const parts = [...element.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]);
  return Object.fromEntries(parts);
}

/** Set an element's text; without text, hide it. */
export function setText(element, words) {
  element.textContent = words || "";
  element.hidden = !words;
}
