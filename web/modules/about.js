/** What predict tells of itself: the classes, and below which confidence it asks a person. */
import { call } from "./gateway.js";
import { persist } from "./persist.js";

let asked = null;

/** Fetched once; a failure may be asked again. Throws Failure. */
export function about() {
  asked ??= persist(() => call("predict")).catch((failure) => {
    asked = null;
    throw failure;
  });
  return asked;
}

/** The answer as far as an id tells it: <day>-<class>-<per mille>-<model>-<random>-<second>.<signature>. */
export async function recalled(id) {
  const { classes, low_confidence_threshold: threshold } = await about();
  const [, index, share] = id.split("-");
  const confidence = Number(share) / 1000;
  return { class: classes[Number(index)], confidence, top: [], low_confidence: confidence < threshold };
}

/** When the photo of that id was taken in. */
export function momentOf(id) {
  const [, year, month, day] = id.match(/^(\d{4})(\d\d)(\d\d)/).map(Number);
  return new Date(Date.UTC(year, month - 1, day, 0, 0, Number(id.split(".")[0].split("-")[5])));
}
