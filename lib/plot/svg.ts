/** Writes SVG: escaped, an element to a line, and numbers rounded, so that a drawing is the same text on every machine. */

/** Attributes by name; those that are undefined are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Characters that no XML document may hold (XML 1.0, production 2); a browser refuses the whole picture for one. */
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

/** Text as it stands in an element or in a quoted attribute. */
export const escapeXml = (text: string): string =>
  text.replaceAll(FORBIDDEN, "\ufffd").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

/** A number to a hundredth of a pixel: finer than any screen, coarser than what processors round differently. */
export const pixels = (value: number): string => String(Math.round(value * 100) / 100 || 0);

const written = (attributes: Attributes): string =>
  Object.entries(attributes).map(([name, value]) =>
    value === undefined ? "" : ` ${name}="${typeof value === "number" ? pixels(value) : escapeXml(value)}"`
  ).join("");

/** An element; `content` is SVG already. */
export const element = (name: string, attributes: Attributes, content = ""): string =>
  content === "" ? `<${name}${written(attributes)}/>` : `<${name}${written(attributes)}>${content}</${name}>`;

/** Elements in a group, each on its own line; nothing where there are none. */
export const group = (attributes: Attributes, elements: readonly string[]): string =>
  elements.length === 0 ? "" : element("g", attributes, `\n${elements.join("\n")}\n`);

/** What a browser shows when the pointer rests on the element that holds it; nothing for no text. */
export const title = (text: string): string => text === "" ? "" : element("title", {}, escapeXml(text));

export interface SvgPicture {
  readonly width: number;
  readonly height: number;
  readonly paper: string;
  /** What a screen reader says of the picture: a sentence or two. */
  readonly label: string;
  /** What it says on request: the content as text. */
  readonly description: string;
  /** The elements of the picture. */
  readonly content: string;
}

/**
 * A whole picture on its own paper. It has no title: a browser would show that wherever the pointer rests, in front of
 * those of the marks. It has no ids and no style sheet either: pages hold many such pictures, and these would meet.
 */
export const svgPicture = ({ width, height, paper, label, description, content }: SvgPicture): string =>
  element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height,
      viewBox: `0 0 ${pixels(width)} ${pixels(height)}`,
      role: "img",
      "aria-label": label,
      // A line of code keeps its blanks, which its width was measured with.
      "xml:space": "preserve",
    },
    [
      "",
      ...(description === "" ? [] : [element("desc", {}, escapeXml(description))]),
      element("rect", { width, height, fill: paper }),
      content,
      "",
    ].join("\n"),
  );
