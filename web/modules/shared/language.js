/** The visitor's language: its texts, numbers and times, and the links to the other languages. */
import config from "../../config.js";
import { make } from "./dom.js";

const preferred = [new URLSearchParams(location.search).get("lang"), ...navigator.languages]
  .map((code) => (code ?? "").split("-")[0].toLowerCase());

export const language = preferred.find((code) => config.languages.includes(code)) ?? config.languages[0];

const texts = { ...(await import(`../../texts/${language}.js`)).default, ...config.texts?.[language] };

/** Add the texts of a page that has its own folder of them. */
export async function loadTexts(folder) {
  Object.assign(texts, (await import(`../../texts/${folder}/${language}.js`)).default, config.texts?.[language]);
}

/** The text of that name, with {values} filled in. */
export function text(name, values = {}) {
  const template = texts[name] ?? name;
  if (typeof template === "function") return template(values);
  return template.replace(/\{(\w+)\}/g, (whole, value) => values[value] ?? whole);
}

/** Whether there is such a text. */
export function hasText(name) {
  return name in texts;
}

/** How a class is called in the middle of a sentence. */
export function classText(name) {
  const words = config.classes?.[language] ?? {};
  return Object.hasOwn(words, name) ? words[name] : name; // a class may be called "constructor"
}

/** The same words, where there is little room: the line may break at a slash. */
export function breakable(words) {
  return words.replaceAll("/", "/\u200b");
}

/** The language, and how this browser's country writes it. */
export const locale = navigator.languages.find((code) => code.startsWith(language)) ?? language;
const percents = new Intl.NumberFormat(locale, { style: "percent" });

/** 0.699 as 69 %: rounded down, so that "not sure" never shows the number of "sure". */
export function percent(share) {
  return percents.format(Math.floor(share * 100) / 100);
}

/** Day and time; the day only when it is not today. */
export function timeText(time) {
  const today = time.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(locale, { dateStyle: today ? undefined : "medium", timeStyle: "short" }).format(time);
}

/** Fill in the texts that the page's elements name. */
export function translate(page) {
  page.documentElement.lang = language;
  page.title = config.title;
  page.querySelectorAll("[data-title]").forEach((element) => { element.textContent = config.title; });
  page.querySelectorAll("[data-text]").forEach((element) => { element.textContent = text(element.dataset.text); });
  page.querySelectorAll("[data-label]").forEach((element) => { element.ariaLabel = text(element.dataset.label); });
  page.querySelectorAll("[data-policy]").forEach((link) => {
    link.hidden = !config.privacy;
    link.href = config.privacy;
  });
}

/** Links to this page in its other languages. */
export class LanguageLinks {
  constructor(nav) {
    nav.append(...config.languages.map(link));
    nav.hidden = config.languages.length < 2;
  }
}

/** This page's address, filters and all, in that language. */
function addressIn(code) {
  const query = new URLSearchParams(location.search);
  query.set("lang", code);
  return `?${query}`;
}

function link(code) {
  const name = new Intl.DisplayNames(code, { type: "language" }).of(code);
  const label = code.toUpperCase();
  const made = make("a", { href: addressIn(code), lang: code, hreflang: code, ariaLabel: `${label}: ${name}` }, label);
  made.ariaCurrent = code === language ? "true" : null;
  made.addEventListener("click", () => { made.href = addressIn(code); }); // the filters may have changed since
  return made;
}
