/** What the predict function tells about the model: its classes, and the threshold of low confidence. */
import { call } from "../shared/gateway.js";
import { retry } from "../shared/retry.js";

let request = null;

/** {classes by index, choices among them, low_confidence_threshold}, fetched once; after a failure it may be called again. Throws Failure. */
export function modelInfo() {
  request ??= retry(() => call("predict")).catch((failure) => {
    request = null;
    throw failure;
  });
  return request;
}

/** The answer, as far as a prediction's id holds it: <day>-<class>-<per mille>-<model>-<random>-<second>.<signature>. */
export async function answerFromId(id) {
  const { classes, low_confidence_threshold: threshold } = await modelInfo();
  const [, index, share] = id.split("-");
  const confidence = Number(share) / 1000;
  return { class: classes[Number(index)], confidence, top: [], low_confidence: confidence < threshold };
}

/** When the photo of that id was uploaded. */
export function timeFromId(id) {
  const [, year, month, day] = id.match(/^(\d{4})(\d\d)(\d\d)/).map(Number);
  return new Date(Date.UTC(year, month - 1, day, 0, 0, Number(id.split(".")[0].split("-")[5])));
}
