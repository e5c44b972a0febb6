/** The operators' page: its words, and a module behind every section that shows a part of the report. */
import config from "./config.js";
import { learn, text, translate } from "./modules/language.js";
import { Languages } from "./modules/languages.js";
import { Anchoring, Visitors } from "./modules/report/people.js";
import { Classes } from "./modules/report/classes.js";
import { Confusion } from "./modules/report/confusion.js";
import { Daily } from "./modules/report/daily.js";
import { Headline } from "./modules/report/headline.js";
import { Limits } from "./modules/report/limits.js";
import { NextLabels } from "./modules/report/advice.js";
import { Queues } from "./modules/report/queues.js";
import { Reader } from "./modules/report/reader.js";
import { Reliability } from "./modules/report/reliability.js";
import { Trend } from "./modules/report/trend.js";

await learn("report");
translate(document);
document.title = `${text("report")} · ${config.title}`;

const find = (name) => document.querySelector(`[data-module="${name}"]`);
new Languages(find("languages"));

const modules = {
  headline: Headline, trend: Trend, limits: Limits, next: NextLabels, classes: Classes, confusion: Confusion,
  reliability: Reliability, daily: Daily, queues: Queues, visitors: Visitors, anchoring: Anchoring,
};
const sections = Object.entries(modules).map(([name, Module]) => new Module(find(name)));
new Reader(document.body, sections).read();
