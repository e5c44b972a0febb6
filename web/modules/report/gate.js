/** Asks for the operators' token. */
import { text } from "../language.js";
import { partsOf, say } from "./dom.js";
import { keep, token } from "./token.js";

export class Gate extends EventTarget {
  #parts;

  /** Tells "token" when one was given. */
  constructor(section) {
    super();
    this.#parts = partsOf(section);
    this.#parts.form.addEventListener("submit", (event) => this.#take(event));
  }

  /** Ask; again, when what was given was wrong. */
  ask() {
    this.#complain(token() ? "token.wrong" : "");
    this.#parts.token.value = "";
    this.#parts.token.focus();
  }

  #take(event) {
    event.preventDefault();
    if (keep(this.#parts.token.value)) this.dispatchEvent(new Event("token"));
    else this.#complain("token.wrong");
  }

  #complain(name) {
    say(this.#parts.wrong, name && text(name));
    this.#parts.token.ariaInvalid = name ? "true" : null;
  }
}
