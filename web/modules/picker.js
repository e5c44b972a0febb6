/** Ways to get photos in: the form's two inputs, drag and drop anywhere, and paste. */
export class Picker {
  #sheet = document.querySelector('[data-module="dropping"]');

  constructor(form) {
    form.querySelectorAll("input[type=file]").forEach((input) => input.addEventListener("change", () => take(input)));
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("paste", (event) => choose(event.clipboardData.files));
    addEventListener("dragover", (event) => this.#over(event));
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) this.#sheet.hidden = true; });
    addEventListener("drop", (event) => this.#drop(event));
  }

  #over(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    this.#sheet.hidden = false;
  }

  #drop(event) {
    this.#sheet.hidden = true;
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    choose(event.dataTransfer.files);
  }
}

function take(input) {
  choose(input.files);
  input.value = ""; // the same photo may be chosen again
}

function choose(files) {
  if (files.length) document.dispatchEvent(new CustomEvent("photos-chosen", { detail: [...files] }));
}
