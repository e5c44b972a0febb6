/** A section of the page that shows a part of the report; each has a method `show(report)`. */
import { partsOf } from "../shared/dom.js";

export class Section {
  constructor(element) {
    this.element = element;
    this.parts = partsOf(element);
  }
}
