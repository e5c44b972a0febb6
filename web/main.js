/** Puts the visitor's words into the page, and a module behind every element that asks for one. */
import { translate } from "./modules/language.js";
import { Languages } from "./modules/languages.js";
import { Photos } from "./modules/photos.js";
import { Picker } from "./modules/picker.js";

translate(document);

const modules = { languages: Languages, photos: Photos, picker: Picker };
for (const [name, Module] of Object.entries(modules)) {
  document.querySelectorAll(`[data-module="${name}"]`).forEach((element) => new Module(element));
}
