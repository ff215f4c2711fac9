/** Outputs of a cell, drawn in the page: of the forms of a notebook the richest that a page can draw. */
import { markdownToHtml } from "./markdown.ts";
import type { LiveOutput } from "./messages.ts";

const PLOTLY = "application/vnd.plotly.v1+json", SVG = "image/svg+xml";

/** figures.js draws plots, those of the chapter and these. */
declare global {
  var drawFigure: (frame: Element, figure: unknown) => void;
}

export class Outputs {
  readonly #byId = new Map<string, Element>();

  /** @param box where the outputs go */
  constructor(readonly box: Element) {}

  add(output: LiveOutput): void {
    if (output.type === "stream") return this.#addText(output.text);
    if (output.type === "error") {
      this.box.append(preformatted(output.text, "live-error"));
      return;
    }
    const { data, id } = output, known = id === undefined ? undefined : this.#byId.get(id);
    const place = known ?? document.createElement("div");
    if (!known) this.box.append(place);
    if (id !== undefined) this.#byId.set(id, place);
    // the second display of a plot adds its picture; it is drawn already
    if (!(PLOTLY in data && place.querySelector(".figure"))) draw(place, data);
  }

  #addText(text: string): void {
    const before = this.box.lastElementChild;
    if (before?.className === "live-stream") before.textContent += `\n${text}`;
    else this.box.append(preformatted(text, "live-stream"));
  }
}

function preformatted(text: string, className: string): HTMLElement {
  const element = document.createElement("pre");
  element.className = className;
  element.textContent = text;
  return element;
}

function draw(place: Element, data: Readonly<Record<string, unknown>>): void {
  const text = String(data["text/plain"] ?? "");
  if (PLOTLY in data || SVG in data) {
    const frame = document.createElement("div");
    frame.className = "figure-frame";
    place.replaceChildren(frame);
    if (PLOTLY in data) {
      frame.role = "img";
      frame.ariaLabel = text.split("\n\n")[0];
      globalThis.drawFigure(frame, data[PLOTLY]);
    } else {
      const svg = String(data[SVG]);
      frame.style.setProperty("--width", `${/^<svg[^>]* width="(\d+(?:\.\d+)?)"/.exec(svg)?.[1] ?? 700}px`);
      frame.innerHTML = svg; // the library's own drawing, whose texts are escaped
    }
  } else if (typeof data["text/markdown"] === "string") {
    place.innerHTML = markdownToHtml(data["text/markdown"]);
  } else place.replaceChildren(...(text === "" ? [] : [preformatted(text, "live-text")]));
}
