/** The report token, and the form that asks for it. Only this tab's sessionStorage keeps it. */
import { partsOf, setText } from "../shared/dom.js";
import { text } from "../shared/language.js";

const NAME = "feedloop report token";
const SENDABLE = /^[\x21-\x7e]+$/; // what a header can carry

let current = fromStorage();

/** The token, or null. */
export function token() {
  return current;
}

/** Forget it. */
export function forgetToken() {
  current = null;
  changeStorage((storage) => storage.removeItem(NAME));
}

export class TokenForm extends EventTarget {
  #parts;

  /** Dispatches "token" when one was entered. */
  constructor(element) {
    super();
    this.#parts = partsOf(element);
    this.#parts.form.addEventListener("submit", (event) => this.#submit(event));
  }

  /** Ask; again, when the one that was entered is wrong. */
  ask() {
    this.#showError(token() ? "token.wrong" : "");
    this.#parts.token.value = "";
    this.#parts.token.focus();
  }

  #submit(event) {
    event.preventDefault();
    if (keepToken(this.#parts.token.value)) this.dispatchEvent(new Event("token"));
    else this.#showError("token.wrong");
  }

  #showError(name) {
    setText(this.#parts.wrong, name && text(name));
    this.#parts.token.ariaInvalid = name ? "true" : null;
  }
}

/** Keep it; false when no header can carry it, so that it cannot be right. */
function keepToken(entered) {
  const trimmed = entered.trim();
  if (!SENDABLE.test(trimmed)) return false;
  current = trimmed;
  changeStorage((storage) => storage.setItem(NAME, trimmed));
  return true;
}

function fromStorage() {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return null; // no storage: until the next reload
  }
}

function changeStorage(change) {
  try {
    change(sessionStorage);
  } catch { /* as above */ }
}
