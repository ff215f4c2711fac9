/** A drawing in pixels as a plotly figure: for diagrams that are no plots of numbers. */
import type { Trace } from "./figure.ts";
import { fitText, type FontStyle } from "./fonts.ts";
import type { Frame } from "./frame.ts";
import { markup, plotlyFont } from "./style.ts";

export interface MarkStyle {
  /** A plotly marker symbol. */
  readonly symbol: string;
  readonly sizePx: number;
  readonly fill: string;
  readonly stroke: string;
  readonly strokePx?: number;
}

export interface TextOptions {
  readonly anchor?: "left" | "center" | "right";
  /** Cut to this width with an ellipsis. */
  readonly maxWidthPx?: number;
}

interface Line {
  readonly colour: string;
  readonly widthPx?: number;
  readonly dash?: string;
}

/** Collects areas, lines, marks and text, drawn in this order, at pixel places of the plot area. */
export class Canvas {
  readonly #texts = new Map<string, { x: number[]; y: number[]; text: string[]; trace: Trace }>();
  readonly #marks: { x: number; y: number; style: MarkStyle; hover: string }[] = [];
  readonly #areas: Record<string, unknown>[] = [];
  readonly #lines: Record<string, unknown>[] = [];

  /** One line of text; `y` is its middle. */
  text(x: number, y: number, text: string, style: FontStyle, colour: string, options: TextOptions = {}): void {
    const shown = options.maxWidthPx === undefined ? text : fitText(text, options.maxWidthPx, style);
    if (shown === "") return;
    const position = { left: "middle right", center: "middle center", right: "middle left" }[options.anchor ?? "left"];
    const key = JSON.stringify([position, style, colour]);
    let group = this.#texts.get(key);
    if (!group) {
      group = {
        x: [],
        y: [],
        text: [],
        trace: { textposition: position, textfont: plotlyFont(style, colour) },
      };
      this.#texts.set(key, group);
    }
    group.x.push(x);
    group.y.push(y);
    group.text.push(markup(shown, style));
  }

  /** A marker; `hover` shows when the pointer rests on it. */
  mark(x: number, y: number, style: MarkStyle, hover = ""): void {
    this.#marks.push({ x, y, style, hover });
  }

  rect(left: number, top: number, right: number, bottom: number, fill: string, line?: Line): void {
    this.#areas.push({
      type: "rect",
      x0: left,
      x1: right,
      y0: top,
      y1: bottom,
      fillcolor: fill,
      line: { width: line ? line.widthPx ?? 1 : 0, color: line?.colour ?? fill },
      layer: "below",
    });
  }

  line(x0: number, y0: number, x1: number, y1: number, { colour, widthPx = 1, dash = "solid" }: Line): void {
    const line = { color: colour, width: widthPx, dash };
    this.#lines.push({ type: "line", x0, x1, y0, y1, line, layer: "below" });
  }

  /** A line with a head at its second end. */
  arrow(x0: number, y0: number, x1: number, y1: number, { colour, widthPx = 1.5 }: Line): void {
    const length = Math.hypot(x1 - x0, y1 - y0);
    const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
    const [headPx, halfPx] = [9, 4.5];
    const [baseX, baseY] = [x1 - dx * headPx, y1 - dy * headPx];
    this.line(x0, y0, baseX, baseY, { colour, widthPx });
    const at = (x: number, y: number) => `${x.toFixed(2)},${y.toFixed(2)}`;
    this.#lines.push({
      type: "path",
      path: `M${at(x1, y1)}L${at(baseX - dy * halfPx, baseY + dx * halfPx)}L${
        at(baseX + dy * halfPx, baseY - dx * halfPx)
      }Z`,
      fillcolor: colour,
      line: { width: 0 },
      layer: "below",
    });
  }

  /** The drawing within a frame, whose plot area is the canvas. */
  finish(framed: Frame): { data: Trace[]; layout: Frame["layout"] } {
    const { width, height } = framed.plot;
    const texts = [...this.#texts.values()].map(({ x, y, text, trace }) => ({
      type: "scatter",
      mode: "text",
      x,
      y,
      text,
      hoverinfo: "skip",
      ...trace,
    }));
    const marks = this.#marks;
    const markers = marks.length === 0 ? [] : [{
      type: "scatter",
      mode: "markers",
      x: marks.map((mark) => mark.x),
      y: marks.map((mark) => mark.y),
      marker: {
        symbol: marks.map((mark) => mark.style.symbol),
        size: marks.map((mark) => mark.style.sizePx),
        color: marks.map((mark) => mark.style.fill),
        line: {
          color: marks.map((mark) => mark.style.stroke),
          width: marks.map((mark) => mark.style.strokePx ?? 1.5),
        },
        opacity: 1,
      },
      hovertext: marks.map((mark) => mark.hover),
      hoverinfo: "text",
    }];
    const hidden = { visible: false, fixedrange: true, showgrid: false, zeroline: false };
    return {
      data: [...markers, ...texts],
      layout: {
        ...framed.layout,
        xaxis: { ...hidden, range: [0, width] },
        yaxis: { ...hidden, range: [height, 0] },
        hovermode: "closest",
        shapes: [...this.#areas, ...this.#lines],
        annotations: framed.annotations,
        meta: { caption: framed.caption },
      },
    };
  }
}
