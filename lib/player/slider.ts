/** One number to turn, and the figure that belongs to each of its values: all computed beforehand, one shown at a time. */
import { base64 } from "../host/base64.ts";
import { sha256Hex } from "../host/hash.ts";
import type { Figure } from "../plot/figure.ts";
import { escapeHtml } from "../report/markdown.ts";

/** A value of the number, and its figure. */
export interface SliderPlace {
  /** The number that the figure belongs to. */
  readonly value: number;
  /** The figure of that number. */
  readonly figure: Figure;
}

/**
 * Figures behind a slider. `slider` makes it, `show` shows it.
 *
 * @example
 * ```ts
 * import { plot, type Slider, slider } from "interleave";
 * const figures: Slider = await slider("CPUs", [2, 4], (cpus) => plot.lostAgainstCpus([{ cpus: 1, lost: 0 }, { cpus, lost: 0.3 }]));
 * if (!String(figures).startsWith("CPUs: 2, 4")) throw new Error(`${figures}`);
 * ```
 */
export class Slider {
  /**
   * `slider` makes one.
   *
   * @param first index of the place that is shown before anybody turns it
   */
  constructor(readonly name: string, readonly places: readonly SliderPlace[], readonly first: number) {}

  /** The values, and the text twin of the one that is shown. */
  toString(): string {
    const { value, figure } = this.places[this.first];
    const values = this.places.map((place) => place.value).join(", ");
    return `${this.name}: ${values}; shown: ${value}\n\n${figure.text}`;
  }

  /** HTML with all figures in it, the picture of the first place for pages without scripts, and its text. */
  async toBundle(): Promise<
    { readonly "text/html": string; readonly "image/png"?: string; readonly "text/plain": string }
  > {
    const pictures = await Promise.all(this.places.map(({ figure }) => figure.toSvg()));
    const { "image/png": png } = await this.places[this.first].figure.toBundle();
    return {
      "text/html": this.#html(pictures),
      ...(png !== undefined && { "image/png": png }),
      "text/plain": String(this),
    };
  }

  /** Metadata of the output, by MIME type: the size of the picture. */
  toMetadata(): Record<string, unknown> {
    return this.places[this.first].figure.toMetadata();
  }

  /** A page that drops style and script keeps the first picture: it stands outside of what the script needs. */
  #html(pictures: readonly string[]): string {
    const addresses = pictures.map((svg) => `data:image/svg+xml;base64,${base64(new TextEncoder().encode(svg))}`);
    const data = this.places.map(({ value, figure }, i) => ({
      value: String(value),
      caption: figure.caption,
      picture: addresses[i],
    }));
    const json = JSON.stringify(data).replaceAll("<", "\\u003c");
    const id = sha256Hex(json).slice(0, 12), { value, figure } = this.places[this.first];
    return [
      `<div class="interleave-slider" data-slider="${id}" data-lm-suppress-shortcuts="true">`,
      `<p><label hidden>${escapeHtml(this.name)}: <output>${value}</output> <input type="range" min="0" ` +
      `max="${data.length - 1}" step="1" value="${this.first}" aria-label="${escapeHtml(this.name)}"></label></p>`,
      `<p><img src="${addresses[this.first]}" alt="${escapeHtml(figure.caption)}"></p>`,
      `</div>`,
      `<style>${STYLE}</style>`,
      `<script>{`,
      `const places = ${json};`,
      `const start = ${SCRIPT};`,
      `for (const root of document.querySelectorAll('[data-slider="${id}"]:not([data-started])')) {`,
      `root.dataset.started = "";`,
      `start(root, places);`,
      `}`,
      `}</script>`,
    ].join("\n");
  }
}

const STYLE = ".interleave-slider{margin:.5rem 0;max-width:100%;overflow-x:auto}" +
  ".interleave-slider label{font:600 14px/1.45 system-ui,sans-serif;display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}" +
  ".interleave-slider label[hidden]{display:none}" +
  ".interleave-slider output{min-width:3em}" +
  ".interleave-slider input{flex:1 1 12rem;max-width:24rem;height:44px;margin:0}" +
  ".interleave-slider img{max-width:100%;min-width:36rem;background:#fff}";

/** What the page runs. It is text from the start: a bundler may take functions apart. */
const SCRIPT = `(root, places) => {
  const input = root.querySelector("input"), output = root.querySelector("output"), image = root.querySelector("img");
  root.querySelector("label").hidden = false;
  const turn = () => {
    const place = places[Number(input.value)];
    output.textContent = place.value;
    input.setAttribute("aria-valuetext", place.value);
    image.src = place.picture;
    image.alt = place.caption;
  };
  input.addEventListener("input", turn);
  turn();
}`;

/** Most values of a slider: each brings a whole picture into the page. */
const MOST_VALUES = 24;

/**
 * Computes a figure for each value of a number, and shows the one that the reader turns to; what is there works on a
 * page without a kernel, too.
 *
 * @param name what the number is: `"seed"`, `"CPUs"`
 * @param values 1 to 24 values, in the order of the slider
 * @param figureOf the figure of a value
 * @param options `at`: the value that is shown first; the first one where it is left out
 * @throws RangeError for no values, too many of them, or an `at` that is none of them
 *
 * @example
 * ```ts
 * import { bpf, plot, show, simulate, slider } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * await show(slider("seed", [1, 2], async (seed) => plot.timeline(await simulate(racy, { cpus: 2, invocations: 1, seed }))));
 * ```
 */
export async function slider(
  name: string,
  values: readonly number[],
  figureOf: (value: number) => Figure | Promise<Figure>,
  options: { readonly at?: number } = {},
): Promise<Slider> {
  if (values.length === 0 || values.length > MOST_VALUES) {
    throw new RangeError(`slider("${name}"): ${values.length} values; give 1 to ${MOST_VALUES}, for example [1, 2, 4]`);
  }
  const first = options.at === undefined ? 0 : values.indexOf(options.at);
  if (first < 0) throw new RangeError(`slider("${name}"): at is ${options.at}, none of ${values.join(", ")}`);
  const places: SliderPlace[] = [];
  for (const value of values) places.push({ value, figure: await figureOf(value) });
  return new Slider(name, places, first);
}
