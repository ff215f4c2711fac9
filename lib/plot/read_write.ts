/** Who pays: what a technique's read costs against what its write costs. */
import { textTable } from "../report/text_table.ts";
import { makeAxis, plotlyAxis } from "./axes.ts";
import { Figure } from "./figure.ts";
import { textAscent, textDescent, textWidth } from "./fonts.ts";
import { type Frame, frame, textAt, widest } from "./frame.ts";
import { placeBeside, type Placed, type PointLabel } from "./labels.ts";
import { nanoseconds, significant } from "./numbers.ts";
import { kindOf, type Origin, seriesName, sourcesOf } from "./series.ts";
import { fonts, kinds, lookOf, markup, type Technique } from "./style.ts";
import { texts } from "./texts.ts";

export interface ReadWrite extends Origin {
  readonly technique?: Technique;
  readonly name?: string;
  /** Nanoseconds of one read of the whole value, and of one write. */
  readonly readNs: number;
  readonly writeNs: number;
}

export interface ReadWriteOptions {
  readonly title?: string;
  readonly finding?: string;
  readonly sources?: readonly Origin[];
}

/**
 * A point per technique, both axes logarithmic: cheap writes to the left, cheap reads below.
 *
 * @throws RangeError when there is no point.
 */
export function readWrite(points: readonly ReadWrite[], options: ReadWriteOptions = {}): Figure {
  if (points.length === 0) throw new RangeError("readWrite: no point to draw");
  const x = makeAxis({ title: texts.writeAxis, unit: "ns", log: true }, points.map((point) => point.writeNs), "x");
  const y = makeAxis({ title: texts.readAxis, unit: "ns", log: true }, points.map((point) => point.readNs), "y");
  const cheapest = points.reduce((best, point) => point.writeNs < best.writeNs ? point : best);
  const framed = frame({
    title: options.title ?? texts.readWrite,
    finding: options.finding ?? texts.cheapestWrite(seriesName(cheapest), cheapest.writeNs, cheapest.readNs),
    sources: sourcesOf([...points, ...(options.sources ?? [])]),
    left: 54 + Math.ceil(widest(y.labels, fonts.tick)),
    right: 30,
  });
  const { plot } = framed;
  const height = textAscent(fonts.label) + textDescent(fonts.label) + 3;
  const places = points.map((point) => ({
    x: x.place(point.writeNs) * plot.width,
    y: (1 - y.place(point.readNs)) * plot.height,
    width: textWidth(seriesName(point), fonts.label),
    height,
  }));
  const bounds = { left: 4, top: 2, right: plot.width - 2, bottom: plot.height - 2 };
  const corners = placeBeside(places, bounds, 11);
  let others = 0;
  const looks = points.map((point) => point.technique ? lookOf(point.technique) : lookOf(undefined, others++));
  return new Figure({
    data: [{
      type: "scatter",
      mode: "markers",
      x: points.map((point) => point.writeNs),
      y: points.map((point) => point.readNs),
      marker: {
        size: 12,
        symbol: looks.map((look) => look.symbol),
        color: points.map((point, i) => kinds[kindOf(point)].open ? "#FFFFFF" : looks[i].colour),
        line: { width: 2, color: looks.map((look) => look.colour) },
        opacity: 1,
      },
      text: points.map((point) => `${seriesName(point)}: ${nanoseconds(point.writeNs)} / ${nanoseconds(point.readNs)}`),
      hoverinfo: "text",
    }],
    layout: {
      ...framed.layout,
      xaxis: plotlyAxis(x, "x"),
      yaxis: plotlyAxis(y, "y"),
      shapes: corners.flatMap((corner, i) => corner.far ? [leader(places[i], corner, plot, looks[i].colour)] : []),
      annotations: [
        ...framed.annotations,
        ...points.map((point, i) =>
          textAt(
            plot,
            plot.left + corners[i].left,
            plot.top + corners[i].top,
            markup(seriesName(point), fonts.label),
            fonts.label,
            looks[i].ink,
          )
        ),
      ],
      meta: { caption: framed.caption },
    },
    caption: framed.caption,
    text: textTable(
      ["", texts.axis(texts.writeAxis, "ns"), texts.axis(texts.readAxis, "ns")],
      points.map((point) => [seriesName(point), significant(point.writeNs), significant(point.readNs)]),
    ),
  });
}

/** A thin line from a point to the middle of the nearer side of its label. */
function leader(
  point: PointLabel,
  label: Placed,
  plot: Frame["plot"],
  colour: string,
): Record<string, unknown> {
  const side = label.left > point.x
    ? label.left - 2
    : label.left + point.width < point.x
    ? label.left + point.width + 2
    : point.x;
  const end = side === point.x
    ? (label.top > point.y ? label.top : label.top + point.height)
    : label.top + point.height / 2;
  return {
    type: "line",
    xref: "paper",
    yref: "paper",
    x0: point.x / plot.width,
    x1: side / plot.width,
    y0: 1 - point.y / plot.height,
    y1: 1 - end / plot.height,
    line: { color: colour, width: 0.8, dash: "dot" },
    layer: "below",
  };
}
