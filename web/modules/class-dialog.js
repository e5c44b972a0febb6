/** The list of classes, from which the visitor picks the right one. */
import { about } from "./about.js";
import { called, language, text } from "./language.js";
import { problem } from "./words.js";

const LONG = 7;

const dialog = document.querySelector('[data-module="class-dialog"]');
const form = dialog.querySelector("form");
const list = dialog.querySelector('[data-part="classes"]');
const state = dialog.querySelector('[data-part="state"]');
const search = dialog.querySelector("#search");

search.addEventListener("input", filter);
search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });

/** The class that the visitor picks, or nothing. `current` is picked already. */
export async function pickClass(current) {
  if (dialog.open) return "";
  open();
  fill(current);
  await new Promise((resolve) => { dialog.addEventListener("close", resolve, { once: true }); });
  return dialog.returnValue === "save" ? new FormData(form).get("class") : "";
}

function open() {
  list.replaceChildren();
  form.reset();
  dialog.returnValue = "";
  dialog.showModal();
}

async function fill(current) {
  state.textContent = text("pick.loading");
  try {
    const { classes } = await about();
    const inOrder = classes.toSorted((one, other) => called(one).localeCompare(called(other), language));
    list.replaceChildren(...inOrder.map((name) => choice(name, current)));
    dialog.querySelector('[data-part="search-line"]').hidden = classes.length <= LONG;
    state.textContent = "";
  } catch (failure) {
    state.textContent = problem({ failure });
  }
}

function choice(name, current) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  Object.assign(input, { type: "radio", name: "class", value: name, required: true, checked: name === current });
  label.append(input, Object.assign(document.createElement("span"), { textContent: called(name) }));
  return label;
}

/** What does not match is out of the way; only a picked class stays in sight. */
function filter() {
  const wanted = search.value.trim().toLocaleLowerCase(language);
  const labels = [...list.children];
  for (const label of labels) {
    label.hidden = !label.textContent.toLocaleLowerCase(language).includes(wanted) && !label.firstChild.checked;
  }
  const n = labels.filter((label) => !label.hidden).length;
  state.textContent = wanted && (n ? text("pick.found", { n }) : text("pick.none"));
}
