/** The visitor's language: its texts, numbers and times. */
import config from "../config.js";

const wished = [new URLSearchParams(location.search).get("lang"), ...navigator.languages]
  .map((wish) => (wish ?? "").split("-")[0].toLowerCase());

export const language = wished.find((wish) => config.languages.includes(wish)) ?? config.languages[0];

const texts = { ...(await import(`../texts/${language}.js`)).default, ...config.texts?.[language] };

/** Learn the texts of a further page, from their own folder. */
export async function learn(folder) {
  Object.assign(texts, (await import(`../texts/${folder}/${language}.js`)).default, config.texts?.[language]);
}

/** The text of that name, with {values} in their places. */
export function text(name, values = {}) {
  const found = texts[name] ?? name;
  return typeof found === "function" ? found(values) : found.replace(/\{(\w+)\}/g, (hole, value) => values[value] ?? hole);
}

/** Whether there is such a text. */
export function speaksOf(name) {
  return name in texts;
}

/** How a class is called in the middle of a sentence. */
export function called(name) {
  return config.classes?.[language]?.[name] ?? name;
}

/** The language, and how this browser's country writes it. */
export const locale = navigator.languages.find((wish) => wish.startsWith(language)) ?? language;
const percents = new Intl.NumberFormat(locale, { style: "percent" });

/** 0.699 as 69 %: never more than there is, so that "not sure" never shows the number of "sure". */
export function percent(share) {
  return percents.format(Math.floor(share * 100) / 100);
}

/** Day and time, as short as it stays clear. */
export function when(time) {
  const today = time.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(locale, { dateStyle: today ? undefined : "medium", timeStyle: "short" }).format(time);
}

/** Put the texts where the page asks for them. */
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
