/** Tables: rows of cells with a header and a caption; numbers are aligned. */
import { make } from "../shared/dom.js";
import { text } from "../shared/language.js";

/** A table. `columns` are {label, isNumber}; `rows` are lists of words or elements, the first of each names its row. */
export function table(caption, columns, rows) {
  const head = make("tr", {}, ...columns.map(headCell));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell, index) => bodyCell(cell, index, columns[index]))));
  return make(
    "table", {},
    make("caption", { className: "unseen" }, caption), make("thead", {}, head), make("tbody", {}, ...body),
  );
}

/** The same behind a summary: the numbers of a chart. */
export function tableBehind(caption, columns, rows) {
  const scroller = make("div", { className: "wide", tabIndex: 0, role: "group", ariaLabel: caption }, table(caption, columns, rows));
  return make("details", { className: "numbers" }, make("summary", {}, text("as.table")), scroller);
}

function headCell({ label, isNumber }) {
  return make("th", { scope: "col", className: isNumber ? "figure" : "" }, label);
}

function bodyCell(content, index, { isNumber }) {
  const className = isNumber ? "figure" : "";
  return index === 0 ? make("th", { scope: "row", className }, content) : make("td", { className }, content);
}
