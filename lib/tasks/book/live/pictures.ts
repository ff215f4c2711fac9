/** Pictures of figures, for front ends that draw nothing themselves: GitHub, for one. */
import { base64 } from "../../../host/base64.ts";
import type { Output } from "../../../jupyter/notebook_file.ts";
import { PLOTLY, SVG } from "./outputs.ts";

/** Points of a picture for each point of the page. */
const SCALE = 2;
const PNG = "image/png";

interface Plot {
  readonly data: unknown;
  readonly layout?: { readonly width?: number; readonly height?: number };
}

/** figures.js fetches plotly when the first plot is drawn. */
declare global {
  var drawPicture: (plot: unknown, options: object) => Promise<string>;
}

/** Adds the picture to an output that is a figure; gives false where it cannot be drawn. */
export async function addPicture(output: Output): Promise<boolean> {
  if (!("data" in output) || PNG in output.data) return true;
  const { data } = output, svg = data[SVG] ?? drawingIn(String(data["text/html"] ?? ""));
  if (!(PLOTLY in data) && svg === undefined) return true;
  try {
    const url = PLOTLY in data
      ? await pictureOfPlot(structuredClone(data[PLOTLY]) as unknown as Plot) // plotly writes into what it draws
      : await pictureOfDrawing(String(svg));
    data[PNG] = url.slice(url.indexOf(",") + 1);
    return true;
  } catch {
    return false;
  }
}

/** The drawing that stands in HTML for where no script runs. */
const drawingIn = (html: string): string | undefined => {
  const address = new DOMParser().parseFromString(html, "text/html").querySelector("img")?.src;
  const base64 = address && /^data:image\/svg\+xml;base64,(.*)$/.exec(address)?.[1];
  return base64 && new TextDecoder().decode(Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)));
};

const pictureOfPlot = ({ data, layout }: Plot): Promise<string> =>
  globalThis.drawPicture({ data, layout }, {
    ...{ format: "png", scale: SCALE },
    ...{ width: layout?.width ?? 700, height: layout?.height ?? 450 },
  });

const fonts = new Map<boolean, Promise<string>>();

/** A style sheet that holds the fonts it names; those of Chinese only where they are used. */
async function fontsWithin(address: URL, isChinese: boolean): Promise<string> {
  const all = await (await fetch(address)).text();
  const css = isChinese ? all : all.replace(/@font-face \{[^}]*"Noto Sans SC"[^}]*\}/g, "");
  const parts = css.split(/url\(([^)]+)\)/);
  const within = await Promise.all(parts.map(async (part, index) => {
    if (index % 2 === 0) return part;
    const bytes = new Uint8Array(await (await fetch(new URL(part, address))).arrayBuffer());
    return `url(data:font/ttf;base64,${base64(bytes)})`;
  }));
  return within.join("");
}

/** An SVG within an image has none of the page's fonts: they go in with it. */
async function pictureOfDrawing(svg: string): Promise<string> {
  const isChinese = svg.includes("Noto Sans SC");
  if (!fonts.has(isChinese)) fonts.set(isChinese, fontsWithin(new URL("../fonts.css", import.meta.url), isChinese));
  const css = await fonts.get(isChinese)!;
  const image = new Image();
  image.src = URL.createObjectURL(
    new Blob([svg.replace(/^<svg[^>]*>/, (head) => `${head}<style>${css}</style>`)], { type: "image/svg+xml" }),
  );
  try {
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.width * SCALE;
    canvas.height = image.height * SCALE;
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png");
  } finally {
    URL.revokeObjectURL(image.src);
  }
}
