/** Rows of parts: the share of every CPU, the verdicts of every chapter. */
import { textTable } from "../report/text_table.ts";
import { type AxisOptions, makeAxis, plotlyAxis } from "./axes.ts";
import { Figure } from "./figure.ts";
import { textWidth } from "./fonts.ts";
import { frame, textAt, widest } from "./frame.ts";
import { median, percent } from "./numbers.ts";
import { type Origin, seriesName, sourcesOf } from "./series.ts";
import { colours, fonts, lookOf, markup, plotlyFont, type Technique } from "./style.ts";
import { texts } from "./texts.ts";

interface Part {
  readonly name: string;
  readonly value: number;
  /** The value as text. */
  readonly shown: string;
  /** What stands in the part, the first that has room. */
  readonly labels: readonly string[];
  readonly fill: string;
  readonly ink: string;
}

interface StackedRow {
  readonly name: string;
  readonly ink: string;
  readonly parts: readonly Part[];
}

interface StackedOptions {
  readonly title: string;
  readonly finding?: string;
  readonly sources: readonly string[];
  readonly axis: AxisOptions;
  readonly text: string;
  /** Names of parts to explain above the rows. */
  readonly key?: readonly { readonly name: string; readonly fill: string }[];
}

const ROW = 34;
const BAR = 24;
const EDGE = 20;

function stacked(rows: readonly StackedRow[], options: StackedOptions): Figure {
  const totals = rows.map((row) => row.parts.reduce((sum, part) => sum + part.value, 0));
  const most = Math.max(...totals);
  const axis = makeAxis({ range: [0, most * 1.0001], ...options.axis }, totals, "bars");
  const height = rows.length * ROW;
  const framed = frame({
    title: options.title,
    finding: options.finding,
    sources: options.sources,
    plotHeight: height,
    left: EDGE + Math.ceil(widest(rows.map((row) => row.name), fonts.label)) + 12,
    right: 30,
    above: options.key ? 24 : 0,
  });
  const { plot } = framed;
  const middle = (row: number) => (row + 0.5) * ROW;
  const labels: Record<string, unknown>[] = [];
  const data = rows.flatMap((row, n) => {
    const at = textAt(
      plot,
      plot.left - 12,
      plot.top + middle(n),
      markup(row.name, fonts.label),
      fonts.label,
      row.ink,
      "right",
    );
    labels.push({ ...at, yanchor: "middle" });
    let base = 0;
    return row.parts.map((part) => {
      const [from, to] = [axis.place(base), axis.place(base + part.value)].map((share) => share * plot.width);
      const label = part.labels.find((text) => textWidth(text, fonts.tick) + 8 <= to - from);
      if (label !== undefined) {
        const text = textAt(
          plot,
          plot.left + (from + to) / 2,
          plot.top + middle(n),
          markup(label, fonts.tick),
          fonts.tick,
          part.ink,
          "center",
        );
        labels.push({ ...text, yanchor: "middle" });
      }
      const trace = {
        type: "bar",
        orientation: "h",
        base: [base],
        x: [part.value],
        y: [middle(n)],
        width: [BAR],
        marker: { color: part.fill, line: { color: colours.paper, width: 1 } },
        text: [`${row.name}, ${part.name}: ${part.shown}`],
        textposition: "none",
        hoverinfo: "text",
        showlegend: false,
      };
      base += part.value;
      return trace;
    });
  });
  const key = (options.key ?? []).map(({ name, fill }) => ({
    type: "bar",
    name,
    x: [null],
    y: [null],
    marker: { color: fill },
    showlegend: true,
    hoverinfo: "skip",
  }));
  return new Figure({
    data: [...data, ...key],
    layout: {
      ...framed.layout,
      barmode: "overlay",
      xaxis: { ...plotlyAxis(axis, "x"), showline: false, ticks: "" },
      yaxis: { range: [height, 0], visible: false, fixedrange: true },
      showlegend: key.length > 0,
      legend: {
        orientation: "h",
        x: 0,
        xanchor: "left",
        y: 1,
        yanchor: "bottom",
        font: plotlyFont(fonts.tick, colours.quiet),
        itemclick: false,
        itemdoubleclick: false,
      },
      annotations: [...framed.annotations, ...labels],
      meta: { caption: framed.caption },
    },
    caption: framed.caption,
    text: options.text,
  });
}

export interface Fairness extends Origin {
  readonly technique?: Technique;
  readonly name?: string;
  /** Operations (or their share) that each CPU got through. */
  readonly perCpu: readonly number[];
}

export interface StackedFigureOptions {
  readonly title?: string;
  readonly finding?: string;
  readonly sources?: readonly Origin[];
}

/** With more CPUs than this, shares in a row are too narrow for numbers. */
const LABELLED = 8;

/** A colour mixed with white: `share` 1 is the colour itself. */
function tint(colour: string, share: number): string {
  const channel = (at: number) => {
    const value = Math.round(255 + (parseInt(colour.slice(at, at + 2), 16) - 255) * share);
    return value.toString(16).padStart(2, "0");
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}

/**
 * A row per technique, divided into what each CPU got through.
 *
 * @throws RangeError when a row has no operations.
 */
export function fairness(rows: readonly Fairness[], options: StackedFigureOptions = {}): Figure {
  const shares = rows.map((row) => {
    const total = row.perCpu.reduce((sum, share) => sum + share, 0);
    if (!(total > 0)) throw new RangeError(`fairness of "${seriesName(row)}": no operations`);
    return row.perCpu.map((operations) => operations / total);
  });
  const spread = shares.map((own) => Math.max(...own) - Math.min(...own));
  const worst = spread.indexOf(Math.max(...spread));
  const [low, high] = [Math.min(...shares[worst]), Math.max(...shares[worst])];
  const cpus = Math.max(...shares.map((own) => own.length));
  return stacked(
    rows.map((row, n) => {
      const look = lookOf(row.technique, n);
      return {
        name: seriesName(row),
        ink: look.ink,
        parts: shares[n].map((share, cpu) => ({
          name: texts.cpu(cpu),
          value: share,
          shown: percent(share),
          labels: row.perCpu.length > LABELLED ? [] : [`${texts.cpu(cpu)}: ${percent(share)}`, percent(share)],
          fill: tint(look.colour, cpu % 2 === 0 ? 0.42 : 0.26),
          ink: colours.ink,
        })),
      };
    }),
    {
      title: options.title ?? texts.fairness,
      finding: options.finding ?? texts.leastFair(seriesName(rows[worst]), low, high, rows.length === 1),
      sources: sourcesOf([...rows, ...(options.sources ?? [])]),
      axis: { title: texts.shareAxis, unit: "%", range: [0, 1], format: (share) => String(Math.round(share * 100)) },
      text: cpus > LABELLED
        ? textTable(
          ["", ...texts.shareColumns],
          rows.map((row, n) => [seriesName(row), ...spreadOf(shares[n]).map(percent)]),
        )
        : textTable(
          ["", ...Array.from({ length: cpus }, (_, cpu) => texts.cpu(cpu))],
          rows.map((row, n) => [seriesName(row), ...shares[n].map(percent)]),
        ),
    },
  );
}

const spreadOf = (shares: readonly number[]): number[] => [Math.min(...shares), median(shares), Math.max(...shares)];

/** Claims of one chapter by verdict. */
export interface Verdicts {
  readonly name: string;
  readonly true: number;
  readonly conditional: number;
  readonly wrong: number;
}

const VERDICTS = {
  true: { fill: "#B7E1D0", ink: colours.good },
  conditional: { fill: "#FBDFA0", ink: "#6B4A00" },
  wrong: { fill: "#F3B6A6", ink: "#8E2413" },
} as const;

/** How many claims are true, true with conditions, and wrong: a row per chapter. */
export function verdicts(rows: readonly Verdicts[], options: StackedFigureOptions = {}): Figure {
  const kinds = Object.keys(VERDICTS) as (keyof typeof VERDICTS)[];
  const sum = (kind: keyof typeof VERDICTS) => rows.reduce((total, row) => total + row[kind], 0);
  return stacked(
    rows.map((row) => ({
      name: row.name,
      ink: colours.ink,
      parts: kinds.filter((kind) => row[kind] > 0).map((kind) => ({
        name: texts.verdict[kind],
        value: row[kind],
        shown: String(row[kind]),
        labels: [String(row[kind])],
        ...VERDICTS[kind],
      })),
    })),
    {
      title: options.title ?? texts.verdicts,
      finding: options.finding ?? texts.verdictSum(sum("true"), sum("conditional"), sum("wrong")),
      sources: sourcesOf(options.sources ?? []),
      axis: { title: texts.claimsAxis },
      text: textTable(
        ["", ...kinds.map((kind) => texts.verdict[kind])],
        rows.map((row) => [row.name, ...kinds.map((kind) => String(row[kind]))]),
      ),
      key: kinds.map((kind) => ({ name: texts.verdict[kind], fill: VERDICTS[kind].fill })),
    },
  );
}
