/** A figure: what plotly draws, a picture of it for readers without scripts, and a text twin. */
import { Buffer } from "node:buffer";
import { plain } from "./numbers.ts";
import type { PlotlyJson } from "./plotly_dom.ts";

export type Trace = Record<string, unknown>;
export type Layout = Record<string, unknown> & { readonly width: number; readonly height: number };

/** What a notebook keeps of a figure. There is no `text/html`: it would hide the picture on GitHub and in nbconvert. */
export interface FigureBundle {
  readonly "application/vnd.plotly.v1+json": PlotlyJson;
  /** Base64. */
  readonly "image/png": string;
  readonly "text/plain": string;
}

export interface FigureParts {
  readonly data: readonly Trace[];
  readonly layout: Layout;
  /** The finding in one sentence, then where it comes from. */
  readonly caption: string;
  /** The figure's content as text, usually a table. */
  readonly text: string;
}

/** plotly.js as notebooks show it: no logo, a picture by the button is as sharp as the static one. */
const CONFIG = { displaylogo: false, responsive: false, toImageButtonOptions: { scale: 2 } };

/**
 * An interactive plot, a picture of it and a text twin. The functions of {@link plot} make it.
 *
 * @example
 * ```ts
 * import { Figure, plot } from "interleave";
 * const figure: Figure = plot.lostAgainstCpus([{ cpus: 1, lost: 0 }, { cpus: 2, lost: 0.32 }]);
 * if (!String(figure).includes("32 %")) throw new Error("every figure has a text twin");
 * ```
 */
export class Figure {
  /** plotly's traces and layout; width and height are pixels. */
  readonly data: readonly Trace[];
  readonly layout: Layout;
  /** The finding in one sentence, then where it comes from. */
  readonly caption: string;
  /** Caption and content for readers who see no picture. */
  readonly text: string;

  /** @param parts traces, layout, caption and text */
  constructor(parts: FigureParts) {
    this.data = parts.data;
    this.layout = parts.layout;
    this.caption = plain(parts.caption);
    this.text = plain(`${parts.caption}\n\n${parts.text}`);
  }

  /** The same figure with another text twin under its caption. */
  withText(text: string): Figure {
    return new Figure({ data: this.data, layout: this.layout, caption: this.caption, text });
  }

  /** The figure as plotly's JSON. */
  toJSON(): PlotlyJson {
    return { data: this.data, layout: this.layout, config: CONFIG };
  }

  /** The picture as SVG text; the same figure gives the same text on every machine. */
  async toSvg(): Promise<string> {
    const { toSvg } = await import("./static_picture.ts");
    return await toSvg(this.toJSON());
  }

  /** The picture as a PNG file of twice the layout's size. */
  async toPng(): Promise<Uint8Array> {
    const { toPng } = await import("./static_picture.ts");
    return await toPng(this.toJSON());
  }

  /** All forms of the figure, as `show` puts them into a notebook. */
  async toBundle(): Promise<FigureBundle> {
    const png = await this.toPng();
    return {
      "application/vnd.plotly.v1+json": this.toJSON(),
      "image/png": Buffer.from(png).toString("base64"),
      "text/plain": this.text,
    };
  }

  /** Size in which a notebook shows the picture, as its output's metadata takes it. */
  toMetadata(): { "image/png": { width: number; height: number } } {
    return { "image/png": { width: this.layout.width, height: this.layout.height } };
  }

  /** The text twin. */
  toString(): string {
    return this.text;
  }
}
