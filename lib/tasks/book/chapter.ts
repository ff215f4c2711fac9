/** A chapter as the book's pages show it: figures in a form that a page draws by itself. */
import type { MimeBundle, Notebook, Output } from "../../jupyter/notebook_file.ts";

const PLOTLY = "application/vnd.plotly.v1+json";
const SVG = "image/svg+xml";

export type KeepPicture = (png: string) => string;

/**
 * The notebook with an HTML form beside every figure. A plot is drawn by figures.js, and is a picture where scripts are
 * off; a drawing is its SVG, in the page itself: within an `<img>` it had neither the page's fonts nor its hover texts.
 *
 * @param keep puts a picture (PNG, base64) where only readers without scripts fetch it, and gives its address; without it
 * the page holds pictures itself
 */
export function toPage(notebook: Notebook, keep: KeepPicture = (png) => `data:image/png;base64,${png}`): Notebook {
  const cells = notebook.cells.map((cell) => {
    if (cell.cell_type !== "code") return { ...cell, source: withTargets(cell.source) };
    const outputs = cell.outputs.flatMap((output): Output[] => {
      if (!("data" in output)) return [output];
      const data = PLOTLY in output.data
        ? plotForms(output.data, keep)
        : SVG in output.data
        ? drawingForms(output.data)
        : readable(output.data);
      return Object.keys(data).length > 0 ? [{ ...output, data }] : [];
    });
    return { ...cell, outputs };
  });
  return { ...notebook, cells };
}

/** Anchors above headings as MyST's own targets, which its links find. */
const withTargets = (source: string): string => source.replaceAll(/^<a id="([\w-]+)"><\/a>$/gm, "($1)=");

/** The forms that a page can show; others are for the book's own tools. */
function readable(data: MimeBundle): MimeBundle {
  return Object.fromEntries(Object.entries(data).filter(([mime]) => /^(text|image)\//.test(mime)));
}

function plotForms(data: MimeBundle, keep: KeepPicture): MimeBundle {
  const text = String(data["text/plain"] ?? "");
  const figure = data[PLOTLY] as { layout?: { width?: number } };
  const alt = escapeHtml(text.split("\n\n")[0]);
  const json = JSON.stringify(figure).replaceAll("<", "\\u003c");
  const picture = data["image/png"] === undefined ? "" : `<noscript><img width="${figure.layout?.width ?? 700}" ` +
    `alt="${alt}" src="${keep(String(data["image/png"]).replaceAll("\n", ""))}"></noscript>`;
  const html = `<div class="figure-frame" role="img" aria-label="${alt}">${picture}` +
    `<script type="application/json">${json}</script></div>`;
  return { "text/html": html, "text/plain": text };
}

/** figures.css makes the drawing smaller on a narrow page, down to a part of its width. */
function drawingForms(data: MimeBundle): MimeBundle {
  const svg = String(data[SVG]);
  const width = svg.match(/^<svg[^>]* width="(\d+(?:\.\d+)?)"/)?.[1] ?? "700";
  const html = `<div class="figure-frame" style="--width:${width}px">${svg}</div>`;
  return { "text/html": html, "text/plain": String(data["text/plain"] ?? "") };
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;").replaceAll("\n", " ");
}

/** The first heading of a notebook. */
export function titleOf(notebook: Notebook, otherwise: string): string {
  for (const cell of notebook.cells) {
    const title = cell.cell_type === "markdown" && cell.source.match(/^# (.+)$/m)?.[1];
    if (title) return title;
  }
  return otherwise;
}
