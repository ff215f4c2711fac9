/**
 * plotly.js without a browser: its basic bundle over linkedom's document, with the questions it asks a browser's
 * layout answered from the shipped fonts.
 *
 * linkedom and not jsdom: half the time to the first figure and a tenth of the packages, for the same SVG.
 */
import { neededPackageFile } from "../host/needed_package_file.ts";
import { textBoxes, union } from "./text_boxes.ts";

/**
 * A plotly figure as JSON; `config` as plotly.js takes it.
 *
 * @internal
 */
export interface PlotlyJson {
  readonly data: readonly Record<string, unknown>[];
  readonly layout: Record<string, unknown>;
  readonly config?: Record<string, unknown>;
}

interface Plotly {
  newPlot(div: Element, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
  purge(div: Element): void;
  Snapshot: { toSVG(div: Element, format: "svg"): string };
}

export interface PlotlyDom {
  /** Draws a figure and gives its SVG. One at a time: the caller waits for one before it asks for the next. */
  draw(figure: PlotlyJson): Promise<string>;
}

/** Ids in plotly's SVG come from Math.random; a generator that starts anew for each figure makes them repeat. */
function seededMath(): { math: Math; restart: () => void } {
  let state = 1;
  const math = Object.defineProperties({}, Object.getOwnPropertyDescriptors(Math)) as Math;
  Object.defineProperty(math, "random", {
    value: () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    },
  });
  return { math, restart: () => state = 1 };
}

/** linkedom has no cascade: what an element says of itself is all there is. */
function computedStyle(element: HTMLElement): unknown {
  const otherwise: Record<string, string> = { transform: "none", display: "block" };
  return new Proxy({}, {
    get: (_, name: string) =>
      name === "getPropertyValue"
        ? (property: string) => element.style?.getPropertyValue(property) ?? ""
        : (element.style as unknown as Record<string, string>)?.[name] || otherwise[name] || "",
  });
}

function clientRect(element: Element) {
  const box = union(textBoxes(element));
  const width = box.right - box.left, height = box.bottom - box.top;
  return { ...box, x: box.left, y: box.top, width, height };
}

/** Loads plotly.js; some tenths of a second, once per process. */
export async function openPlotlyDom(): Promise<PlotlyDom> {
  const { parseHTML, DOMParser } = await import("linkedom");
  const window = parseHTML("<!doctype html><html><head></head><body></body></html>") as unknown as Window & {
    Element: { prototype: Record<string, unknown> };
    HTMLElement: unknown;
    SVGElement: { prototype: object };
  };
  Object.assign(window.Element.prototype, {
    getBoundingClientRect(this: Element) {
      return clientRect(this);
    },
    getBBox(this: Element) {
      return clientRect(this);
    },
    getComputedTextLength(this: Element) {
      return clientRect(this).width;
    },
  });
  // linkedom spells SVG names as it does HTML names; plotly.js compares them with "text", as in a browser.
  Object.defineProperty(window.SVGElement.prototype, "nodeName", {
    get(this: Element) {
      return this.localName;
    },
  });
  const { math, restart } = seededMath();
  const globals: Record<string, unknown> = {
    window,
    self: window,
    document: window.document,
    navigator: { userAgent: "" },
    Element: window.Element,
    HTMLElement: window.HTMLElement,
    SVGElement: window.SVGElement,
    Math: math,
    getComputedStyle: computedStyle,
    DOMParser,
    XMLSerializer: class {
      serializeToString(node: Node): string {
        return String(node);
      }
    },
    // Only asked for at load, by the code that would draw maps on a canvas.
    URL: { createObjectURL: () => "" },
  };
  Object.assign(window, { getComputedStyle: computedStyle, XMLSerializer: globals.XMLSerializer, DOMParser });
  const script = new TextDecoder().decode(neededPackageFile("plotly.js-basic-dist-min"));
  const run = new Function(...Object.keys(globals), `${script}\n;return Plotly;`);
  const plotly = run(...Object.values(globals)) as Plotly;
  return {
    async draw(figure) {
      restart();
      const div = window.document.createElement("div");
      window.document.body.appendChild(div);
      try {
        // plotly.js completes the figure that it is given: draw a copy.
        const { data, layout } = structuredClone({ data: figure.data, layout: figure.layout });
        await plotly.newPlot(div, data, layout, { staticPlot: true });
        const svg = plotly.Snapshot.toSVG(div, "svg");
        plotly.purge(div);
        return svg;
      } finally {
        div.remove();
      }
    },
  };
}
