/**
 * The picture of a figure for readers without scripts: GitHub, nbconvert, a printout.
 *
 * plotly.js draws the SVG of data on axes (drawings are SVG already), resvg (as WebAssembly, one file for every
 * platform) the pixels, both with the shipped fonts only. Everything is loaded at the first figure; a notebook that
 * draws nothing pays nothing.
 */
import { neededPackageFile } from "../host/needed_package_file.ts";
import { fontBytes } from "./fonts.ts";
import { openPlotlyDom, type PlotlyDom, type PlotlyJson } from "./plotly_dom.ts";
import { encodePng } from "./png.ts";

/** Pixels of the PNG per pixel of the layout, for sharp screens. */
const PNG_SCALE = 2;

let dom: Promise<PlotlyDom> | undefined;
let resvg: Promise<typeof import("@resvg/resvg-wasm")> | undefined;
/** Figures are drawn one after another: plotly.js shares one document. */
let last: Promise<unknown> = Promise.resolve();

async function openResvg(): Promise<typeof import("@resvg/resvg-wasm")> {
  const module = await import("@resvg/resvg-wasm");
  await module.initWasm(neededPackageFile("@resvg/resvg-wasm/index_bg.wasm"));
  return module;
}

/** Draws a plot as SVG; the same figure gives the same text on every machine. */
export function toSvg(figure: PlotlyJson): Promise<string> {
  const drawn = last.then(async () => {
    dom ??= openPlotlyDom();
    return tidy(await (await dom).draw(figure), staysInside(figure));
  });
  last = drawn.catch(() => {});
  return drawn;
}

/** SVG to PNG with the shipped fonts, {@link PNG_SCALE} pixels to the pixel. */
export async function rasterize(svg: string): Promise<Uint8Array> {
  resvg ??= openResvg();
  const { Resvg } = await resvg;
  const drawing = new Resvg(svg, {
    fitTo: { mode: "zoom", value: PNG_SCALE },
    font: {
      fontBuffers: fontBytes(svg),
      defaultFontFamily: "Inter",
      sansSerifFamily: "Inter",
      monospaceFamily: "JetBrains Mono",
    },
  });
  const image = drawing.render();
  try {
    return await encodePng(image.pixels, image.width, image.height);
  } finally {
    image.free();
    drawing.free();
  }
}

/**
 * Drops empty declarations, which linkedom writes and at which resvg stops reading a style; what draws nothing; and the clip
 * paths where nothing needs them, since each costs resvg a canvas of its own.
 */
function tidy(svg: string, unclipped: boolean): string {
  let text = svg.replaceAll(/ data-[a-z]+="[^"]*"/g, "").replaceAll(/<path class="[^"]*" \/>/g, "")
    .replaceAll(/(?<=["; ])[a-z-]+: *;/g, "").replaceAll(/ style="(?:[a-z-]+: *)?"/g, "");
  if (unclipped) text = text.replaceAll(/ clip-path="[^"]*"/g, "");
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replaceAll(/<g(?: [^>]*)?\/>/g, "").replaceAll(/<g(?: [^>]*)?><\/g>/g, "");
  }
  return text;
}

type Axis = { type?: string; range?: readonly number[] };

/** Whether every point of every trace lies within the axes, so that clipping changes nothing. */
function staysInside(figure: PlotlyJson): boolean {
  const fits = (values: unknown, reference: unknown, letter: "x" | "y", error: unknown): boolean => {
    const suffix = typeof reference === "string" ? reference.slice(1) : "";
    const axis = figure.layout[`${letter}axis${suffix}`] as Axis | undefined;
    if (!axis?.range || !Array.isArray(values)) return true;
    const [from, to] = [Math.min(...axis.range), Math.max(...axis.range)];
    const { array = [], arrayminus = array } = (error ?? {}) as { array?: number[]; arrayminus?: number[] };
    const inside = (value: number) => {
      const at = axis.type === "log" ? Math.log10(value) : value;
      return !Number.isFinite(at) || (at >= from && at <= to);
    };
    return values.every((value, i) =>
      typeof value !== "number" || (inside(value + (array[i] ?? 0)) && inside(value - (arrayminus[i] ?? 0)))
    );
  };
  return figure.data.every((trace) =>
    fits(trace.x, trace.xaxis, "x", trace.error_x) && fits(trace.y, trace.yaxis, "y", trace.error_y)
  );
}
