/** The active model's card, as predict tells it. */
import { make } from "../shared/dom.js";
import { call } from "../shared/gateway.js";
import { text } from "../shared/language.js";
import { bounds, count, figure, ofHundred } from "./format.js";
import { Section } from "./section.js";

export class ModelCard extends Section {
  async show({ model }) {
    const answer = model && (await call("predict").catch(() => null));
    this.element.hidden = !answer;
    if (answer) this.parts.list.replaceChildren(...facts(answer.model).map(fact));
  }
}

function facts(card) {
  const { name, version, architecture, input, output, class_indices: classes, serving, metrics, created, note } = card;
  return [
    ["card.model", `${name} ${version}`],
    ["card.architecture", architecture],
    ["card.picture", text(pictureName(input), { ...input, filter: input.interpolation })],
    ["card.levels", text("card.levels.detail", { ...input, mean: numbers(input.mean), std: numbers(input.std) })],
    ["card.answer", text(`card.${output.kind}`, { n: count(classes.length) })],
    ["card.temperature", output.temperature === 1 ? "" : numbers([output.temperature])],
    ["card.metrics", metrics?.interval && text("card.accuracy", measured(metrics))],
    ["card.serving", serving?.ms && text("card.cost", { ms: count(serving.ms), megabytes: count(serving.megabytes) })],
    ["card.created", created],
    ["card.note", note],
  ].filter(([, value]) => value);
}

function pictureName({ resize, resize_size: resized, size }) {
  if (resize === "shorter_side") return "card.shorter-side";
  return resized === size ? "card.stretch" : "card.stretch-crop";
}

function measured({ accuracy, interval: [low, high], pictures }) {
  return { share: ofHundred(accuracy), ...bounds({ low, high }), n: count(pictures) };
}

function numbers(values) {
  return values.map((value) => figure(value)).join(", ");
}

function fact([name, value]) {
  return make("div", {}, make("dt", {}, text(name)), make("dd", {}, value));
}
