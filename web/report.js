/** The operators' page: its texts, and a module behind every section that shows a part of the report. */
import config from "./config.js";
import { Accuracy } from "./modules/report/accuracy.js";
import { Anchoring, Visitors } from "./modules/report/agreement.js";
import { Calibration } from "./modules/report/calibration.js";
import { ConfusionMatrix } from "./modules/report/confusion-matrix.js";
import { DailyPredictions } from "./modules/report/daily-predictions.js";
import { LabelAllocation } from "./modules/report/label-allocation.js";
import { Limits } from "./modules/report/limits.js";
import { Loader } from "./modules/report/loader.js";
import { PerClass } from "./modules/report/per-class.js";
import { Queues } from "./modules/report/queues.js";
import { Trend } from "./modules/report/trend.js";
import { LanguageLinks, loadTexts, text, translate } from "./modules/shared/language.js";

await loadTexts("report");
translate(document);
document.title = `${text("report")} · ${config.title}`;

const elementOf = (name) => document.querySelector(`[data-module="${name}"]`);
new LanguageLinks(elementOf("language-links"));

const modules = {
  "accuracy": Accuracy, "trend": Trend, "limits": Limits, "label-allocation": LabelAllocation, "per-class": PerClass,
  "confusion-matrix": ConfusionMatrix, "calibration": Calibration, "daily-predictions": DailyPredictions, "queues": Queues,
  "visitors": Visitors, "anchoring": Anchoring,
};
const sections = Object.entries(modules).map(([name, Module]) => new Module(elementOf(name)));
sections.push({ async show(report) { (await modelCard()).show(report); } });
new Loader(document.body, sections).load();

/** Loaded with the first report: it stands last, and the page is there without it. */
async function modelCard() {
  const { ModelCard } = await import("./modules/report/model-card.js");
  return new ModelCard(elementOf("model-card"));
}
