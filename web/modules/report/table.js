/** Tables: rows of cells with a header, a caption, and numbers under each other. */
import { make } from "./dom.js";

/**
 * A table. `columns` are {label, isNumber}; `rows` are lists of words or elements, the first of each names its row.
 */
export function table(caption, columns, rows) {
  const head = make("tr", {}, ...columns.map(heading));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell, place) => filled(cell, place, columns[place]))));
  const made = make("table", {}, make("caption", { className: "unseen" }, caption), make("thead", {}, head));
  made.append(make("tbody", {}, ...body));
  return made;
}

/** The same behind a summary: the words of a drawing. */
export function tableBehind(summary, caption, columns, rows) {
  const scroller = make("div", { className: "wide", tabIndex: 0, role: "group", ariaLabel: caption }, table(caption, columns, rows));
  return make("details", { className: "numbers" }, make("summary", {}, summary), scroller);
}

function heading({ label, isNumber }) {
  return make("th", { scope: "col", className: isNumber ? "figure" : "" }, label);
}

function filled(cell, place, { isNumber }) {
  const className = isNumber ? "figure" : "";
  return place === 0 ? make("th", { scope: "row", className }, cell) : make("td", { className }, cell);
}
