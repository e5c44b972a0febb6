/** The list of classes, from which the visitor picks the right one. */
import { make, partsOf } from "../shared/dom.js";
import { failureText } from "../shared/failure-text.js";
import { classText, language, text } from "../shared/language.js";
import { modelInfo } from "./model-info.js";

const MOST_WITHOUT_SEARCH = 7;

const dialog = document.querySelector('[data-module="class-dialog"]');
const form = dialog.querySelector("form");
const search = dialog.querySelector("#search");
const parts = partsOf(dialog);

search.addEventListener("input", filter);
search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });

/** The class that the visitor picks, or nothing. `current` is picked already. */
export async function pickClass(current) {
  if (dialog.open) return "";
  parts.classes.replaceChildren();
  form.reset();
  dialog.returnValue = "";
  dialog.showModal();
  fill(current);
  await new Promise((resolve) => { dialog.addEventListener("close", resolve, { once: true }); });
  return dialog.returnValue === "save" ? new FormData(form).get("class") : "";
}

async function fill(current) {
  parts.state.textContent = text("pick.loading");
  try {
    const { classes, choices = classes } = await modelInfo();
    const sorted = choices.toSorted((one, other) => classText(one).localeCompare(classText(other), language));
    parts.classes.replaceChildren(...sorted.map((name) => choice(name, current)));
    parts["search-line"].hidden = choices.length <= MOST_WITHOUT_SEARCH;
    parts.state.textContent = "";
  } catch (failure) {
    parts.state.textContent = failureText({ failure });
  }
}

function choice(name, current) {
  const input = make("input", { type: "radio", name: "class", value: name, required: true, checked: name === current });
  return make("label", {}, input, make("span", {}, classText(name)));
}

/** Hides what does not match; a picked class stays visible. */
function filter() {
  const wanted = search.value.trim().toLocaleLowerCase(language);
  const labels = [...parts.classes.children];
  for (const label of labels) {
    label.hidden = !label.textContent.toLocaleLowerCase(language).includes(wanted) && !label.firstChild.checked;
  }
  const n = labels.filter((label) => !label.hidden).length;
  parts.state.textContent = wanted && (n ? text("pick.found", { n }) : text("pick.none"));
}
