/** The visitors' page: its texts, and a module behind every element that asks for one. */
import { LanguageLinks, translate } from "./modules/shared/language.js";
import { PhotoInput } from "./modules/visitor/photo-input.js";
import { PhotoList } from "./modules/visitor/photo-list.js";

translate(document);

const modules = { "language-links": LanguageLinks, "photo-list": PhotoList, "photo-input": PhotoInput };
for (const [name, Module] of Object.entries(modules)) {
  document.querySelectorAll(`[data-module="${name}"]`).forEach((element) => new Module(element));
}
