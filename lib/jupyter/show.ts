/** Shows a value: as an output of the cell in a notebook, as text in a terminal. */
import type { Races } from "../check/find_races.ts";
import { inspect } from "../host/inspect.ts";
import { texts } from "../plot/texts.ts";
import { timeline } from "../plot/timeline.ts";
import { reportBundle } from "../report/bundle.ts";
import { proseMarkdown } from "../report/markdown.ts";
import type { Exploration } from "../search/exploration.ts";
import { verdictBundle } from "../verifier/verdict_markdown.ts";
import { type Display, displayInKernel, inKernel } from "./kernel_display.ts";
import type { MimeBundle } from "./notebook_file.ts";
import { MEASURED } from "./outputs.ts";
import { t } from "../words/translation.ts";

const PLOTLY = "application/vnd.plotly.v1+json";
const JUPYTER_DISPLAY = Symbol.for("Jupyter.display");

/** Something that knows its own forms, by MIME type, one of them `text/plain`. */
export interface Showable {
  /** Its forms, by MIME type. */
  toBundle(): object | Promise<object>;
  /** Metadata of the output, by MIME type: the size of a picture, for example. */
  toMetadata?(): Record<string, unknown>;
}

/**
 * Shows `value` in the current cell and waits until it is there. End a cell with it rather than with a bare value.
 *
 * In a notebook the front end picks the richest form that it can draw; outside of one the text form is printed.
 *
 * A search that found something wrong is followed by a figure of the schedule that shows it best, each race that `check`
 * found by that of its witness.
 *
 * @param given A result, a search, verdicts of the verifier, a figure, anything with `toBundle()` or Jupyter's display method, a bundle of forms by MIME
 * type, text (shown as it is), or any other value (shown as Deno prints it).
 * @example
 * ```ts
 * import { show } from "interleave";
 * await show("4 CPUs, 1000 runs on each");
 * ```
 */
export async function show(given: unknown): Promise<void> {
  const value = await given; // of a call whose own await was forgotten, its result
  if (inKernel() && isRaces(value)) return await showRaces(value);
  const data = await toBundle(value);
  if (inKernel()) {
    await displayInSteps({ data, metadata: toMetadata(value) });
    const witness = await witnessFigure(value);
    if (witness) await displayInSteps(witness);
  } else {
    console.log(String(data["text/plain"] ?? t`(nothing but ${Object.keys(data).join(", ")})`));
  }
}

/** What `check` found: each finding, and below it the timeline of its witness. */
async function showRaces(races: Races): Promise<void> {
  for (const { data, metadata } of await racesDisplays(races)) await displayInSteps({ data, metadata });
}

const isRaces = (value: unknown): value is Races =>
  typeof value === "object" && value !== null && hasMethod(value, "toParts");

/** The outputs that show what `check` found, in their order. */
export async function racesDisplays(races: Races): Promise<Display[]> {
  const displays: Display[] = [];
  for (const { bundle, witness } of races.toParts()) {
    displays.push({ data: { ...bundle }, metadata: {} });
    if (!witness) continue;
    const { trace, on, finding, about } = witness,
      figure = timeline({ trace, on, preemptions: 1 }, {
        finding,
        about,
        title: t`Steps of the witness on data, in the lane of their CPU`,
      });
    displays.push({ data: await toBundle(figure), metadata: figure.toMetadata() });
  }
  return displays;
}

/**
 * A figure is displayed without its picture first, which is added in its place: plotly's renderer in JupyterLab shows a
 * picture, where there is one, until the mouse is over it, but leaves alone what it has drawn.
 */
async function displayInSteps(display: Display): Promise<void> {
  const { [PLOTLY]: figure, "image/png": picture, ...others } = display.data;
  if (figure === undefined || picture === undefined) return await displayInKernel(display);
  const displayId = crypto.randomUUID();
  await displayInKernel({ ...display, data: { [PLOTLY]: figure, ...others }, displayId });
  await displayInKernel({ ...display, displayId, update: true });
}

/**
 * The timeline of a search's witness, as an output of its own below the report: of one output a front end draws one
 * form, and JupyterLab, VS Code and nbconvert would take the Markdown and leave the picture out.
 */
export async function witnessFigure(value: unknown): Promise<Display | undefined> {
  if (typeof value !== "object" || value === null || !("outcomes" in value && "witness" in value)) return undefined;
  const { witness } = value as Exploration;
  if (witness === undefined || witness.trace.length === 0) return undefined;
  const figure = timeline(witness, { otherwise: texts.timeline.goesWrong });
  return { data: await toBundle(figure), metadata: figure.toMetadata() };
}

/** The forms of a value, by MIME type. */
export async function toBundle(value: unknown): Promise<MimeBundle> {
  if (typeof value === "string") return textForms(value);
  if (typeof value !== "object" || value === null) return { "text/plain": inspectPlain(value) };
  if (hasMethod(value, "toBundle")) return await value.toBundle() as MimeBundle;
  if (hasMethod(value, JUPYTER_DISPLAY)) return await value[JUPYTER_DISPLAY]() as MimeBundle;
  if (isBundle(value)) return value;
  const report = reportBundle(value) ?? verdictBundle(value);
  if (report) return { ...report };
  const text = hasOwnText(value) ? String(value) : inspectPlain(value);
  return { "text/plain": text };
}

/** Front ends break no line of plain text, which a phone cannot show: sentences are shown as Markdown, too. */
function textForms(text: string): MimeBundle {
  const markdown = proseMarkdown(text);
  return markdown === undefined ? { "text/plain": text } : { "text/plain": text, "text/markdown": markdown };
}

/** What real threads or the real kernel did was measured, and comes out otherwise next time. */
function toMetadata(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) return {};
  const own = hasMethod(value, "toMetadata") ? value.toMetadata() as Record<string, unknown> : {};
  const { machine, measured } = value as { machine?: unknown; measured?: unknown };
  const isMeasured = measured === true || machine === "threads" || machine === "linux";
  return isMeasured ? { ...own, ...MEASURED } : own;
}

function hasMethod<K extends PropertyKey>(value: object, name: K): value is Record<K, () => unknown> {
  return typeof (value as Record<PropertyKey, unknown>)[name] === "function";
}

/** Whether the value's class says how it reads as text. */
function hasOwnText(value: object): boolean {
  return value.toString !== Object.prototype.toString && value.toString !== Array.prototype.toString &&
    !(value instanceof Error);
}

function isBundle(value: object): value is MimeBundle {
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => /^[a-z]+\/[\w.+-]+$/.test(key));
}

function inspectPlain(value: unknown): string {
  return inspect(value, { colors: false, depth: 6 });
}
