/** Numbers, days and spans of time, as the operator's language writes them. */
import { called, locale, text } from "../language.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const UNITS = [[2 * DAY, DAY, "day"], [90 * MINUTE, HOUR, "hour"], [90, MINUTE, "minute"], [0, 1, "second"]];
const NEARLY = 1e-9; // 0.83 * 100 is 83.00000000000001

const counts = new Intl.NumberFormat(locale);
const percents = new Intl.NumberFormat(locale, { style: "percent" });
const points = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const signed = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, minimumFractionDigits: 1, signDisplay: "exceptZero" });
const short = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
const moments = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const long = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });

/** 7000 as 7,000. */
export function count(number) {
  return counts.format(number);
}

/** 0.874 as 87 %; neither 0 nor 100 is said of what is not quite so. */
export function percent(share) {
  return percents.format(ofHundred(share) / 100);
}

/** 0.874 as 87. */
export function ofHundred(share) {
  if (share <= 0 || share >= 1) return Math.round(share * 100);
  return Math.min(99, Math.max(1, Math.round(share * 100)));
}

/** The interval of an estimate in whole hundredths, never narrower than it is. */
export function bounds({ low, high }) {
  return { low: Math.floor(low * 100 + NEARLY), high: Math.ceil(high * 100 - NEARLY) };
}

/** An interval in a few characters: 83–91 %. */
export function range(estimate) {
  const { low, high } = bounds(estimate);
  return `${low}–${percents.format(high / 100)}`;
}

/** 0.0123 as 1.2, in points of a hundred. */
export function inPoints(share) {
  return points.format(share * 100);
}

/** The same with its sign: +1.2. */
export function change(share) {
  return signed.format(share * 100).replace("-", "−");
}

/** Midnight of a day that is written as 20261121; days are UTC. */
export function dateOf(day) {
  return new Date(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00Z`);
}

/** 20261121 as 21 Nov. */
export function dayName(day) {
  return short.format(dateOf(day));
}

/** From one day to another, with the year. */
export function daysName(from, to) {
  return long.formatRange(dateOf(from), dateOf(to));
}

/** The same without it. */
export function shortDays(from, to) {
  return short.formatRange(dateOf(from), dateOf(to));
}

/** A span in the largest unit that still tells something. */
export function span(seconds) {
  const [, size, unit] = UNITS.find(([least]) => seconds >= least) ?? UNITS.at(-1);
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(Math.round(seconds / size));
}

/** Day and time of a moment. */
export function moment(time) {
  return moments.format(Date.parse(time));
}

/** How long ago that was. */
export function age(time) {
  return span((Date.now() - Date.parse(time)) / 1000);
}

/** A class's name where it stands alone. */
export function title(name) {
  const word = called(name);
  return word.charAt(0).toLocaleUpperCase(locale) + word.slice(1);
}

/** The same where there is little room: it may be broken at a slash. */
export function narrow(name) {
  return title(name).replaceAll("/", "/\u200b");
}

/** An estimate in words: 87 % (83–91 %), or that it is not known. */
export function told(estimate) {
  return estimate ? `${percent(estimate.value)} (${range(estimate)})` : text("unknown");
}
