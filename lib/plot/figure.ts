/** A figure: data on axes that plotly draws, or a drawing that is SVG; a picture for readers without either; a text twin. */
import { base64 } from "../host/base64.ts";
import { hasPackageFile } from "../host/package_files.ts";
import type { Drawing } from "./canvas.ts";
import { plain } from "./numbers.ts";
import type { PlotlyJson } from "./plotly_dom.ts";
import { colours } from "./style.ts";
import { svgPicture } from "./svg.ts";

export type Trace = Record<string, unknown>;
export type Layout = Record<string, unknown> & { readonly width: number; readonly height: number };

/**
 * What a notebook keeps of a figure. There is no `text/html`: it would hide the picture on GitHub and in nbconvert.
 *
 * Of a drawing JupyterLab shows the SVG in a notebook that it trusts and the PNG in others: it ranks SVG (80) before PNG
 * (90), but draws only what it holds to be safe where it does not trust (@jupyterlab/rendermime factories.ts and
 * `preferredMimeType`). It draws an SVG as an `<img>`, which sees no font of the page and shows no hover texts.
 */
export interface FigureBundle {
  /** Of data on axes. */
  readonly "application/vnd.plotly.v1+json"?: PlotlyJson;
  /** Of a drawing. */
  readonly "image/svg+xml"?: string;
  /** Base64. A page leaves it out that was not given what draws it: it draws the other forms itself. */
  readonly "image/png"?: string;
  /** Caption and content for readers who see no picture. */
  readonly "text/plain": string;
}

/** What plotly takes. */
interface PlotParts {
  readonly data: readonly Trace[];
  readonly layout: Layout;
}

interface DrawingParts {
  readonly drawing: Drawing;
}

export type FigureParts = (PlotParts | DrawingParts) & {
  /** The finding in one sentence, then where it comes from. */
  readonly caption: string;
  /** The figure's content as text, usually a table. */
  readonly text: string;
};

const canDrawPng = (): boolean => hasPackageFile("@resvg/resvg-wasm/index_bg.wasm");

/** plotly.js as notebooks show it: no logo, a picture by the button is as sharp as the static one. */
const CONFIG = { displaylogo: false, responsive: false, toImageButtonOptions: { scale: 2 } };

/**
 * An interactive plot or a drawing, a picture of it and a text twin. The functions of {@link plot} make it.
 *
 * @example
 * ```ts
 * import { Figure, plot } from "interleave";
 * const figure: Figure = plot.lostAgainstCpus([{ cpus: 1, lost: 0 }, { cpus: 2, lost: 0.32 }]);
 * if (!String(figure).includes("32 %")) throw new Error("every figure has a text twin");
 * ```
 */
export class Figure {
  readonly #parts: FigureParts;
  /** Pixels. */
  readonly width: number;
  /** Height in points of the page. */
  readonly height: number;
  /** The finding in one sentence, then where it comes from. */
  readonly caption: string;
  /** Caption and content for readers who see no picture. */
  readonly text: string;

  /**
   * `plot` makes figures.
   *
   * @param parts traces and layout, or a drawing; caption and text
   */
  constructor(parts: FigureParts) {
    this.#parts = parts;
    const { width, height } = "drawing" in parts ? parts.drawing : parts.layout;
    this.width = width;
    this.height = height;
    this.caption = plain(parts.caption);
    this.text = plain(`${parts.caption}\n\n${parts.text}`);
  }

  /** The same figure with another text twin under its caption. */
  withText(text: string): Figure {
    return new Figure({ ...this.#parts, text });
  }

  /** The plot as plotly's JSON; of a drawing its size and elements. */
  toJSON(): PlotlyJson | Drawing {
    const parts = this.#parts;
    return "drawing" in parts ? parts.drawing : { data: parts.data, layout: parts.layout, config: CONFIG };
  }

  /** The picture as SVG text; the same figure gives the same text on every machine. */
  async toSvg(): Promise<string> {
    const picture = this.toJSON();
    if ("content" in picture) {
      const description = plain(this.#parts.text);
      return svgPicture({ ...picture, paper: colours.paper, label: this.caption, description });
    }
    const { toSvg } = await import("./static_picture.ts");
    return await toSvg(picture);
  }

  /** The picture as a PNG file of twice the figure's size. */
  async toPng(): Promise<Uint8Array> {
    const { rasterize } = await import("./static_picture.ts");
    return await rasterize(await this.toSvg());
  }

  /** All forms of the figure, as `show` puts them into a notebook. */
  async toBundle(): Promise<FigureBundle> {
    const picture = this.toJSON();
    return {
      ...("content" in picture
        ? { "image/svg+xml": await this.toSvg() }
        : { "application/vnd.plotly.v1+json": picture }),
      ...(canDrawPng() ? { "image/png": base64(await this.toPng()) } : {}),
      "text/plain": this.text,
    };
  }

  /** Size in which a notebook shows the picture, as its output's metadata takes it. */
  toMetadata(): { "image/png": { width: number; height: number } } {
    return { "image/png": { width: this.width, height: this.height } };
  }

  /** The text twin. */
  toString(): string {
    return this.text;
  }
}
