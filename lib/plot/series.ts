/** Data of figures: series of points, where they come from, and their text twins. */
import { textTable } from "../report/text_table.ts";
import { median } from "./numbers.ts";
import { nameOf, type Technique } from "./style.ts";
import { type SourceKind, texts } from "./texts.ts";

export interface Origin {
  /** Default: simulated. */
  readonly kind?: SourceKind;
  /** The machine or the publication; of a simulation its parameters. */
  readonly on?: string;
}

/** One line of a figure. */
export interface Series extends Origin {
  /** Default: the technique's name. */
  readonly name?: string;
  readonly technique?: Technique;
  readonly x: readonly number[];
  /** As many as `x`; `null` leaves a gap. */
  readonly y: readonly (number | null)[];
  /** Least and greatest value seen at each point. */
  readonly low?: readonly (number | null)[];
  readonly high?: readonly (number | null)[];
}

export const seriesName = (series: { name?: string; technique?: Technique }): string =>
  series.name ?? (series.technique ? nameOf(series.technique) : texts.technique.other);

export const kindOf = (origin: Origin): SourceKind => origin.kind ?? "simulated";

/**
 * Checks that every series has as many values as places.
 *
 * @throws RangeError naming the series when it has not, or when there is no series or no point.
 */
export function checkSeries(series: readonly Series[]): void {
  if (series.length === 0) throw new RangeError("figure: no series to draw");
  for (const one of series) {
    if (one.x.length === 0) throw new RangeError(`series "${seriesName(one)}": no points`);
    for (const [what, values] of Object.entries({ y: one.y, low: one.low, high: one.high })) {
      if (values !== undefined && values.length !== one.x.length) {
        throw new RangeError(
          `series "${seriesName(one)}": ${one.x.length} values of x but ${values.length} of ${what}; give one for each`,
        );
      }
    }
  }
}

/** The origins of some series, each once, in the order of `texts.kind`. */
export function sourcesOf(origins: readonly Origin[]): string[] {
  const order = Object.keys(texts.kind) as SourceKind[];
  const found = new Map<string, SourceKind>();
  for (const origin of origins) found.set(texts.source(kindOf(origin), origin.on), kindOf(origin));
  // Where one part names its parameters, the bare word beside it says nothing more.
  const parts = [...found].filter(([part, kind]) =>
    part !== texts.source(kind) || ![...found].some(([other, otherKind]) => otherKind === kind && other !== part)
  );
  return parts.sort((a, b) => order.indexOf(a[1]) - order.indexOf(b[1])).map(([part]) => part);
}

/** A sample: one run at one place. */
export interface Sample extends Origin {
  readonly name?: string;
  readonly technique?: Technique;
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

/** The ground beyond the last measurement of any kind, if the model goes on there; figures shade it. */
export function beyondMeasured(series: readonly Series[]): { readonly x: number; readonly text: string } | undefined {
  const places = (simulated: boolean) =>
    series.filter((one) => (kindOf(one) === "simulated") === simulated).flatMap((one) => one.x);
  const measured = Math.max(...places(false));
  if (!Number.isFinite(measured) || !places(true).some((x) => x > measured)) return undefined;
  return { x: measured, text: texts.modelOnly };
}

/** Gathers samples into series by name and origin; several at one place become their median and their range. */
export function gather(samples: readonly Sample[]): Series[] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = [seriesName(sample), kindOf(sample), sample.on ?? ""].join("\0");
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()].map((group) => {
    const places = [...new Set(group.map((sample) => sample.x))].sort((a, b) => a - b);
    const at = places.map((x) => group.filter((sample) => sample.x === x));
    const ranged = at.some((here) => here.length > 1 || here[0].low !== undefined || here[0].high !== undefined);
    return {
      name: group[0].name,
      technique: group[0].technique,
      kind: group[0].kind,
      on: group[0].on,
      x: places,
      y: at.map((here) => median(here.map((sample) => sample.y))),
      ...(ranged && {
        low: at.map((here) => Math.min(...here.map((sample) => sample.low ?? sample.y))),
        high: at.map((here) => Math.max(...here.map((sample) => sample.high ?? sample.y))),
      }),
    };
  });
}

/** Columns of a text twin that still fit a screen. */
const MAX_COLUMNS = 7;

/**
 * The points of some series as a table: a row per place, a column per series. Many series of several origins become
 * one table per origin.
 */
export function seriesTable(
  series: readonly Series[],
  place: string,
  readX: (x: number) => string,
  readY: (y: number) => string,
): string {
  const used = (Object.keys(texts.kind) as SourceKind[]).filter((kind) => series.some((one) => kindOf(one) === kind));
  if (used.length < 2) return tableOf(series, seriesName, place, readX, readY);
  if (series.length <= MAX_COLUMNS) {
    return tableOf(series, (one) => `${seriesName(one)} (${texts.kind[kindOf(one)]})`, place, readX, readY);
  }
  return used.map((kind) => {
    const of = series.filter((one) => kindOf(one) === kind);
    return `${texts.kind[kind]}:\n${tableOf(of, seriesName, place, readX, readY)}`;
  }).join("\n\n");
}

function tableOf(
  series: readonly Series[],
  title: (one: Series) => string,
  place: string,
  readX: (x: number) => string,
  readY: (y: number) => string,
): string {
  const header = [place, ...series.map(title)];
  const places = [...new Set(series.flatMap((one) => one.x))].sort((a, b) => a - b);
  const cell = (one: Series, x: number): string => {
    const i = one.x.indexOf(x);
    const y = one.y[i];
    if (i < 0 || y === null || y === undefined) return "";
    const low = one.low?.[i], high = one.high?.[i];
    const range = low != null && high != null && low !== high ? ` [${readY(low)}..${readY(high)}]` : "";
    return readY(y) + range;
  };
  const rows = places.map((x) => [readX(x), ...series.map((one) => cell(one, x))]);
  return textTable(header, rows, header.map(() => "right"));
}
