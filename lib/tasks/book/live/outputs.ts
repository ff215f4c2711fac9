/** Outputs of a cell: drawn in the page as they come, and gathered as a notebook keeps them. */
import type { Output } from "../../../jupyter/notebook_file.ts";
import { type Displays, OutputCollector } from "../../../jupyter/outputs.ts";
import { markdownToHtml } from "./markdown.ts";
import type { Broadcast, DisplayContent } from "./messages.ts";

export const PLOTLY = "application/vnd.plotly.v1+json", SVG = "image/svg+xml";

/** figures.js draws plots, those of the chapter and these. */
declare global {
  var drawFigure: (frame: Element, figure: unknown) => Promise<void>;
}

/** The displays of a whole page that later cells may still update. */
export class PageDisplays {
  readonly kept: Displays = new Map();
  readonly places = new Map<string, Element>();
}

export class Outputs {
  readonly #collector: OutputCollector;

  /** @param box where the outputs go */
  constructor(readonly box: Element, readonly displays: PageDisplays) {
    this.#collector = new OutputCollector(displays.kept);
  }

  add({ type, content }: Broadcast): void {
    this.#collector.add({ header: { msg_type: type }, content: structuredClone(content) });
    if (type === "stream") this.#addText(content.text, content.name === "stderr" ? "live-stderr" : "live-stream");
    else if (type === "error") this.box.append(preformatted(content.traceback.join("\n"), "live-error"));
    else this.#display(content);
  }

  /** As a notebook keeps them. */
  finish(): Output[] {
    return this.#collector.finish();
  }

  #display({ data, transient }: DisplayContent): void {
    const id = transient?.display_id, known = id === undefined ? undefined : this.displays.places.get(id);
    const place = known ?? document.createElement("div");
    if (!known) this.box.append(place);
    if (id !== undefined) this.displays.places.set(id, place);
    draw(place, data);
  }

  #addText(text: string, className: string): void {
    const before = this.box.lastElementChild;
    if (before?.className === className) before.textContent += text;
    else this.box.append(preformatted(text, className));
  }
}

function preformatted(text: string, className: string): HTMLElement {
  const element = document.createElement("pre");
  element.className = className;
  element.textContent = text;
  return element;
}

/** Draws the richest form that a page can. */
export function draw(place: Element, data: Readonly<Record<string, unknown>>): void {
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
  } else if (typeof data["text/html"] === "string") {
    place.innerHTML = data["text/html"]; // the library's own, too: the player
    for (const script of place.querySelectorAll("script")) {
      const again = document.createElement("script"); // one that innerHTML made does not run
      for (const { name, value } of script.attributes) again.setAttribute(name, value);
      again.textContent = script.textContent;
      script.replaceWith(again);
    }
  } else if (typeof data["text/markdown"] === "string") {
    place.innerHTML = markdownToHtml(data["text/markdown"]);
  } else place.replaceChildren(...(text === "" ? [] : [preformatted(text, "live-text")]));
}
