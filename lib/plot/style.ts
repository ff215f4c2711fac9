/**
 * How figures look: one colour and one marker per technique through the whole book, readable on light and dark pages
 * (every figure brings its own white paper), with a second channel beside every colour.
 *
 * Colours are Okabe and Ito's, chosen to stay apart for colour-blind readers ("Color Universal Design", 2008). `ink` is
 * the same hue dark enough for text on white (contrast of at least 4.5 to 1, WCAG 2.1).
 */
import { CODE_FAMILY, familyOf, type FontStyle, TEXT_FAMILY } from "./fonts.ts";
import { type SourceKind, texts } from "./texts.ts";

export interface Look {
  readonly colour: string;
  readonly ink: string;
  /** A plotly marker symbol. */
  readonly symbol: string;
  /** How its simulated line is drawn; solid where left out. */
  readonly dash?: string;
}

export const techniques = {
  racy: { colour: "#D55E00", ink: "#A84A00", symbol: "circle" },
  atomic: { colour: "#0072B2", ink: "#00609A", symbol: "square" },
  cmpxchg: { colour: "#56B4E9", ink: "#1A6FA8", symbol: "diamond" },
  xchg: { colour: "#7A8CA3", ink: "#566679", symbol: "cross", dash: "dash" },
  spin_lock: { colour: "#E69F00", ink: "#8A5F00", symbol: "triangle-up" },
  res_spin_lock: { colour: "#8C6B2E", ink: "#6E5322", symbol: "triangle-down", dash: "dashdot" },
  ticket_lock: { colour: "#B8860B", ink: "#80600A", symbol: "triangle-left", dash: "dash" },
  test_and_set: { colour: "#6B4F1D", ink: "#5A4218", symbol: "triangle-right", dash: "dot" },
  per_cpu: { colour: "#009E73", ink: "#00704F", symbol: "star-diamond" },
  copy_update: { colour: "#CC79A7", ink: "#9E4577", symbol: "pentagon" },
  map_in_map: { colour: "#222222", ink: "#222222", symbol: "hexagon" },
  user: { colour: "#888888", ink: "#5E5E5E", symbol: "x" },
  other: { colour: "#888888", ink: "#5E5E5E", symbol: "circle" },
} as const satisfies Record<string, Look>;

/** A technique of the book, or a name of the reader's own. */
export type Technique = keyof typeof techniques;

/** Looks for series that belong to no technique, in turn. */
const OTHERS: readonly Look[] = [
  techniques.atomic,
  techniques.racy,
  techniques.per_cpu,
  techniques.copy_update,
  techniques.spin_lock,
  techniques.cmpxchg,
  techniques.map_in_map,
];

/** How a series looks: its technique's look, or the n-th of the others. */
export const lookOf = (technique: Technique | undefined, n = 0): Look =>
  technique === undefined ? OTHERS[n % OTHERS.length] : techniques[technique] ?? techniques.other;

/** What a technique is called in figures. */
export const nameOf = (technique: Technique): string => texts.technique[technique] ?? technique;

/** How the origin of figures shows: simulated ones are drawn through and filled, all others open, each with its dash. */
export const kinds: Record<SourceKind, { readonly dash: string; readonly open: boolean; readonly width: number }> = {
  simulated: { dash: "solid", open: false, width: 2 },
  measured: { dash: "dash", open: true, width: 1.5 },
  recorded: { dash: "dot", open: true, width: 1.5 },
  published: { dash: "longdashdot", open: true, width: 1.2 },
};

export const colours = {
  paper: "#FFFFFF",
  ink: "#1F2328",
  quiet: "#59636E",
  axis: "#8C959F",
  grid: "#E4E8EC",
  faint: "#F3F5F7",
  bad: "#C8341F",
  badPaper: "#FDE9E4",
  good: "#00704F",
  goodPaper: "#E0F3EC",
  warn: "#8A5F00",
  warnPaper: "#FFF1D1",
} as const;

export const fonts = {
  headline: { family: TEXT_FAMILY, sizePx: 16, bold: true },
  title: { family: TEXT_FAMILY, sizePx: 13 },
  label: { family: TEXT_FAMILY, sizePx: 13, bold: true },
  text: { family: TEXT_FAMILY, sizePx: 13 },
  tick: { family: TEXT_FAMILY, sizePx: 12 },
  source: { family: TEXT_FAMILY, sizePx: 11.5 },
  code: { family: CODE_FAMILY, sizePx: 11.5 },
  codeBold: { family: CODE_FAMILY, sizePx: 11.5, bold: true },
} as const satisfies Record<string, FontStyle>;

/** Plotly's form of a font. */
export const plotlyFont = (style: FontStyle, colour: string = colours.ink) => ({
  family: familyOf(style),
  size: style.sizePx,
  color: colour,
});

/** A line of text as plotly writes it: escaped, bold where the style says. */
export function markup(text: string, style: FontStyle): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return style.bold ? `<b>${escaped}</b>` : escaped;
}

export const SIZE = { width: 760, height: 430 } as const;
