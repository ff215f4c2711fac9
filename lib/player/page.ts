/** The player as HTML: one piece that runs in a notebook, on a page and from disk, and a table where no script runs. */
import { base64 } from "../host/base64.ts";
import { sha256Hex } from "../host/hash.ts";
import { escapeHtml } from "../report/markdown.ts";
import type { TraceStep } from "../report/result.ts";
import { texts as reportTexts } from "../report/texts.ts";
import { describeLine, describeStep, lanesOf } from "../report/trace_text.ts";
import type { PlayerData } from "./data.ts";
import { STYLE } from "./style.ts";
import { texts } from "./texts.ts";
import { widgetScript } from "./widget_script.ts";

/** What stands there for a reader without scripts. */
export interface Fallback {
  readonly sentence: string;
  readonly trace: readonly TraceStep[];
  /** The picture, and what a screen reader says of it. */
  readonly svg: string;
  readonly caption: string;
}

/** Steps of the table for readers without scripts. */
const MOST_ROWS = 40;

/** Nothing of the data may end the script that holds it. */
const inScript = (json: string): string =>
  json.replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

/**
 * The whole widget. A page of JupyterLab that does not trust the notebook, GitHub and mail programs drop style and
 * script and keep the table; most of them keep the picture, too.
 *
 * The same data give the same text on every run: a page finds its players by a hash of it.
 */
export function playerHtml(data: PlayerData, fallback: Fallback): string {
  const json = inScript(JSON.stringify(data)), id = sha256Hex(json).slice(0, 12);
  const picture = `data:image/svg+xml;base64,${base64(new TextEncoder().encode(fallback.svg))}`;
  return [
    // JupyterLab takes single keys for commands of the notebook, unless an element says that it has its own.
    `<div class="interleave-player" data-player="${id}" data-lm-suppress-shortcuts="true">`,
    `<p><strong>${escapeHtml(data.title)}</strong></p>`,
    `<p>${escapeHtml(`${texts.fallback} ${fallback.sentence}`)}</p>`,
    stepTable(fallback.trace),
    `<p><img src="${picture}" alt="${escapeHtml(fallback.caption)}"></p>`,
    `</div>`,
    `<style>${STYLE}</style>`,
    `<script>{`,
    `const data = ${json};`,
    `const start = ${widgetScript()};`,
    `for (const root of document.querySelectorAll('[data-player="${id}"]:not([data-started])')) {`,
    `root.dataset.started = "";`,
    `start(root, data);`,
    `}`,
    `}</script>`,
  ].join("\n");
}

function stepTable(trace: readonly TraceStep[]): string {
  const lanes = lanesOf(trace),
    cells = (tag: string, of: readonly string[]) =>
      `<tr>${of.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  const rows = trace.slice(0, MOST_ROWS).map((step) =>
    cells("td", [
      String(step.step),
      ...lanes.map(({ task }) => task === step.task ? describeStep(step) : ""),
      describeLine(step),
    ])
  );
  const more = trace.length - rows.length;
  return [
    "<table><thead>",
    cells("th", [reportTexts.step, ...lanes.map(({ name }) => name), reportTexts.line]),
    "</thead><tbody>",
    ...rows,
    "</tbody></table>",
    ...(more > 0 ? [`<p>${escapeHtml(reportTexts.skipped(more))}</p>`] : []),
  ].join("\n");
}
