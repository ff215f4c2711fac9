/** A drawing in pixels, as SVG: for diagrams that are no plots of numbers. */
import { familyOf, fitText, type FontStyle, textAscent, textWidth } from "./fonts.ts";
import type { Frame } from "./frame.ts";
import { type Attributes, element, escapeXml, group, pixels, title } from "./svg.ts";

export interface MarkStyle {
  readonly symbol: keyof typeof OUTLINES;
  readonly sizePx: number;
  readonly fill: string;
  readonly stroke: string;
  readonly strokePx?: number;
}

export interface TextOptions {
  readonly anchor?: "left" | "center" | "right";
  /** Cut to this width with an ellipsis; the whole text shows when the pointer rests on it. */
  readonly maxWidthPx?: number;
  /** The whole text, where the caller has cut it already. */
  readonly whole?: string;
}

interface Line {
  readonly colour: string;
  readonly widthPx?: number;
  /** Or the lengths of dashes and gaps in pixels. */
  readonly dash?: "solid" | "dot" | "dash" | readonly [number, number];
}

/**
 * What a canvas gives: the elements of an SVG of this size.
 *
 * @internal
 */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly content: string;
}

/** Outlines of marks around (0, 0), for half the mark's size. */
const OUTLINES = {
  circle: (r: number) =>
    `M${pixels(r)},0A${pixels(r)},${pixels(r)} 0 1 1 0,${pixels(-r)}A${pixels(r)},${pixels(r)} 0 0 1 ${pixels(r)},0Z`,
  square: (r: number) => polygon([r, r], [r, -r], [-r, -r], [-r, r]),
  // As large to the eye as a square of its size.
  diamond: (r: number) => polygon([1.3 * r, 0], [0, -1.3 * r], [-1.3 * r, 0], [0, 1.3 * r]),
  "x-thin": (r: number) =>
    `M${pixels(r)},${pixels(r)}L${pixels(-r)},${pixels(-r)}M${pixels(r)},${pixels(-r)}` +
    `L${pixels(-r)},${pixels(r)}`,
} as const;

const polygon = (...points: readonly (readonly [number, number])[]): string =>
  `M${points.map((point) => point.map(pixels).join(",")).join("L")}Z`;

/** Dots are as long as the line is wide and dashes three times that; those of a thin line are those of one of 3 px. */
function dashes(dash: Line["dash"], widthPx: number): string | undefined {
  if (dash === undefined || dash === "solid") return undefined;
  if (typeof dash !== "string") return dash.map(pixels).join(" ");
  const length = pixels(Math.max(widthPx, 3) * (dash === "dash" ? 3 : 1));
  return `${length} ${length}`;
}

const fontOf = (style: FontStyle, colour: string): Attributes => ({
  "font-family": familyOf(style),
  "font-size": style.sizePx,
  "font-weight": style.bold ? "bold" : undefined,
  fill: colour,
});

/** From the middle of a line down to its baseline, in parts of the font's size: half the height of small letters. */
const BASELINE = 0.25;
const LINE_HEIGHT = 1.3;

/**
 * One line of text that starts, is centred or ends at `x` on the baseline `y`. Its length is the one that it was measured
 * with: where a browser lacks the shipped fonts, as inside of an `<img>`, another font's letters are spaced to fit.
 */
function textElement(x: number, y: number, text: string, style: FontStyle, whole = ""): string {
  const own = familyOf(style, text), family = own === familyOf(style) ? undefined : own;
  const place = { x, y, textLength: textWidth(text, style), "font-family": family };
  return element("text", place, title(whole) + escapeXml(text));
}

/** Collects areas, lines, marks and text, drawn in this order, at pixel places of the plot area. */
export class Canvas {
  readonly #texts = new Map<string, { font: Attributes; elements: string[] }>();
  readonly #marks: string[] = [];
  readonly #areas: string[] = [];
  readonly #lines: string[] = [];

  /** One line of text; `y` is its middle. */
  text(x: number, y: number, text: string, style: FontStyle, colour: string, options: TextOptions = {}): void {
    const shown = options.maxWidthPx === undefined ? text : fitText(text, options.maxWidthPx, style);
    if (shown === "") return;
    const whole = options.whole ?? text;
    const anchor = ({ left: undefined, center: "middle", right: "end" } as const)[options.anchor ?? "left"];
    const key = JSON.stringify([anchor, style, colour]);
    let same = this.#texts.get(key);
    if (!same) {
      this.#texts.set(key, same = { font: { ...fontOf(style, colour), "text-anchor": anchor }, elements: [] });
    }
    const baseline = y + BASELINE * style.sizePx;
    same.elements.push(textElement(x, baseline, shown, style, whole === shown ? "" : whole));
  }

  /** A marker; `hover` shows when the pointer rests on it. */
  mark(x: number, y: number, { symbol, sizePx, fill, stroke, strokePx = 1.5 }: MarkStyle, hover = ""): void {
    const at = { class: "mark", transform: `translate(${pixels(x)},${pixels(y)})`, d: OUTLINES[symbol](sizePx / 2) };
    // One that says nothing lets the one below it speak.
    const pointer = { "pointer-events": hover === "" ? "none" : undefined };
    this.#marks.push(element("path", { ...at, fill, stroke, "stroke-width": strokePx, ...pointer }, title(hover)));
  }

  rect(left: number, top: number, right: number, bottom: number, fill: string, line?: Line): void {
    const place = { x: left, y: top, width: right - left, height: bottom - top };
    const stroke = line && { stroke: line.colour, "stroke-width": line.widthPx ?? 1 };
    this.#areas.push(element("rect", { ...place, fill, ...stroke }));
  }

  line(x0: number, y0: number, x1: number, y1: number, { colour, widthPx = 1, dash }: Line): void {
    const stroke = { stroke: colour, "stroke-width": widthPx, "stroke-dasharray": dashes(dash, widthPx) };
    this.#lines.push(element("line", { x1: x0, y1: y0, x2: x1, y2: y1, ...stroke }));
  }

  /** A line with a head at its second end. */
  arrow(x0: number, y0: number, x1: number, y1: number, { colour, widthPx = 1.5 }: Line): void {
    const length = Math.hypot(x1 - x0, y1 - y0);
    const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
    const [headPx, halfPx] = [9, 4.5];
    const [baseX, baseY] = [x1 - dx * headPx, y1 - dy * headPx];
    this.line(x0, y0, baseX, baseY, { colour, widthPx });
    const head = polygon(
      [x1, y1],
      [baseX - dy * halfPx, baseY + dx * halfPx],
      [baseX + dy * halfPx, baseY - dx * halfPx],
    );
    this.#lines.push(element("path", { d: head, fill: colour }));
  }

  /** The drawing within a frame, whose plot area is the canvas. */
  finish({ layout: { width, height }, plot, headings }: Frame): Drawing {
    const heads = headings.map(({ x, top, lines, style, colour }) =>
      group(
        fontOf(style, colour),
        lines.map((line, n) =>
          textElement(x, top + 1 + textAscent(style) + n * LINE_HEIGHT * style.sizePx, line, style)
        ),
      )
    );
    const texts = [...this.#texts.values()].map(({ font, elements }) => group(font, elements));
    const drawn = [...this.#areas, ...this.#lines, group({ "stroke-miterlimit": 2 }, this.#marks), ...texts];
    const canvas = group(
      { transform: `translate(${pixels(plot.left)},${pixels(plot.top)})` },
      drawn.filter((part) => part !== ""),
    );
    return { width, height, content: [...heads, canvas].filter((part) => part !== "").join("\n") };
  }
}
