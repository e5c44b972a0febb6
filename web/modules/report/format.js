/** Numbers, days and durations, as the operator's language writes them. */
import { classText, locale, text } from "../shared/language.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const UNITS = [[2 * DAY, DAY, "day"], [90 * MINUTE, HOUR, "hour"], [90, MINUTE, "minute"], [0, 1, "second"]];
const ROUNDING = 1e-9; // 0.83 * 100 is 83.00000000000001

const counts = new Intl.NumberFormat(locale);
const percents = new Intl.NumberFormat(locale, { style: "percent" });
const figures = new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 });
const decimals = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const signed = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, minimumFractionDigits: 1, signDisplay: "exceptZero" });
const shortDates = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
const dateTimes = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const longDates = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });

/** 0.0039215 as 0.003922: as many digits as tell numbers of a model card apart. */
export function figure(number) {
  return figures.format(number);
}

/** 7000 as 7,000. */
export function count(number) {
  return counts.format(number);
}

/** 0.874 as 87 %; only what is exactly none or all becomes 0 or 100. */
export function percent(share) {
  return percents.format(ofHundred(share) / 100);
}

/** 0.874 as 87. */
export function ofHundred(share) {
  if (share <= 0 || share >= 1) return Math.round(share * 100);
  return Math.min(99, Math.max(1, Math.round(share * 100)));
}

/** The interval of an estimate in whole hundredths, rounded outwards. */
export function bounds({ low, high }) {
  return { low: Math.floor(low * 100 + ROUNDING), high: Math.ceil(high * 100 - ROUNDING) };
}

/** An interval: 83–91 %. */
export function intervalText(estimate) {
  const { low, high } = bounds(estimate);
  return `${low}–${percents.format(high / 100)}`;
}

/** 0.0123 as 1.2 percentage points. */
export function points(share) {
  return decimals.format(share * 100);
}

/** The same with its sign: +1.2. */
export function signedPoints(share) {
  return signed.format(share * 100).replace("-", "−");
}

/** An estimate: 87 % (83–91 %), or that it is not known. */
export function estimateText(estimate) {
  return estimate ? `${percent(estimate.value)} (${intervalText(estimate)})` : text("unknown");
}

/** Midnight of a day that is written as 20261121; days are UTC. */
export function parseDay(day) {
  return new Date(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00Z`);
}

/** 20261121 as 21 Nov. */
export function dayText(day) {
  return shortDates.format(parseDay(day));
}

/** From one day to another, with the year. */
export function daysText(from, to) {
  return longDates.formatRange(parseDay(from), parseDay(to));
}

/** The same without it. */
export function shortDaysText(from, to) {
  return shortDates.formatRange(parseDay(from), parseDay(to));
}

/** A duration in the largest unit that is precise enough. */
export function durationText(seconds) {
  const [, size, unit] = UNITS.find(([least]) => seconds >= least) ?? UNITS.at(-1);
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(Math.round(seconds / size));
}

/** Day and time. */
export function dateTimeText(time) {
  return dateTimes.format(Date.parse(time));
}

/** How long ago that was. */
export function ageText(time) {
  return durationText((Date.now() - Date.parse(time)) / 1000);
}

/** A class's name where it stands alone: as it is, or the operator's words for it with a capital. */
export function classTitle(name) {
  const words = classText(name);
  const [first, ...others] = words;
  return words === name ? name : [first.toLocaleUpperCase(locale), ...others].join("");
}
