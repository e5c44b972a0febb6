/** Ways to add photos: the form's two inputs, drag and drop anywhere, and paste. Dispatches "photos-chosen" on the document. */
export class PhotoInput {
  #overlay = document.querySelector('[data-module="dropping"]');

  constructor(form) {
    form.querySelectorAll("input[type=file]").forEach((input) => input.addEventListener("change", () => take(input)));
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("paste", (event) => choose(event.clipboardData.files));
    addEventListener("dragover", (event) => this.#dragOver(event));
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) this.#overlay.hidden = true; });
    addEventListener("drop", (event) => this.#drop(event));
  }

  #dragOver(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    this.#overlay.hidden = false;
  }

  #drop(event) {
    this.#overlay.hidden = true;
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
