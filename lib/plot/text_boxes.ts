/**
 * Where text stands in an SVG: boxes from the widths of the shipped fonts.
 *
 * There is no browser here to lay text out, yet plotly.js asks for the size of every label to place the next one, and
 * the tests ask whether two labels overlap. Both get the same answer from this file.
 */
import { textAscent, textDescent, textWidth } from "./fonts.ts";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** One line of text and the box that it fills, in the coordinates of the picture. */
export interface TextBox extends Box {
  readonly text: string;
}

/** [a, b, c, d, e, f] as SVG writes a matrix: x' = a x + c y + e, y' = b x + d y + f. */
type Matrix = readonly [number, number, number, number, number, number];
const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];

const multiply = (m: Matrix, n: Matrix): Matrix => [
  m[0] * n[0] + m[2] * n[1],
  m[1] * n[0] + m[3] * n[1],
  m[0] * n[2] + m[2] * n[3],
  m[1] * n[2] + m[3] * n[3],
  m[0] * n[4] + m[2] * n[5] + m[4],
  m[1] * n[4] + m[3] * n[5] + m[5],
];

/** Reads a `transform` attribute: translate, rotate, scale and matrix, in any number. */
export function parseTransform(attribute: string | null): Matrix {
  let matrix = IDENTITY;
  for (const [, name, list] of (attribute ?? "").matchAll(/(translate|rotate|scale|matrix)\s*\(([^)]*)\)/g)) {
    const n = list.split(/[\s,]+/).filter((part) => part !== "").map(Number);
    if (name === "translate") matrix = multiply(matrix, [1, 0, 0, 1, n[0], n[1] ?? 0]);
    else if (name === "scale") matrix = multiply(matrix, [n[0], 0, 0, n[1] ?? n[0], 0, 0]);
    else if (name === "matrix") matrix = multiply(matrix, n as unknown as Matrix);
    else {
      const [cos, sin] = [Math.cos(n[0] * Math.PI / 180), Math.sin(n[0] * Math.PI / 180)];
      const [x, y] = [n[1] ?? 0, n[2] ?? 0];
      matrix = multiply(matrix, [cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y]);
    }
  }
  return matrix;
}

function transformed(box: TextBox, m: Matrix): TextBox {
  const corners = [[box.left, box.top], [box.right, box.top], [box.left, box.bottom], [box.right, box.bottom]];
  const xs = corners.map(([x, y]) => m[0] * x + m[2] * y + m[4]);
  const ys = corners.map(([x, y]) => m[1] * x + m[3] * y + m[5]);
  return {
    text: box.text,
    left: Math.min(...xs),
    right: Math.max(...xs),
    top: Math.min(...ys),
    bottom: Math.max(...ys),
  };
}

const parentOf = (element: Element): Element | null => element.parentNode as Element | null;

/** A style property or presentation attribute of one element itself. */
function own(element: Element, name: string): string | undefined {
  const style = element.getAttribute?.("style");
  const declared = style?.match(new RegExp(`(?:^|;)\\s*${name}\\s*:\\s*([^;]*)`))?.[1].trim();
  return declared || element.getAttribute?.(name) || undefined;
}

/** A property that text inherits. */
function inherited(element: Element, name: string, otherwise: string): string {
  for (let at: Element | null = element; at; at = parentOf(at)) {
    const value = own(at, name);
    if (value !== undefined) return value;
  }
  return otherwise;
}

function sizeOf(element: Element): number {
  const value = own(element, "font-size");
  const parent = parentOf(element);
  if (value === undefined) return parent ? sizeOf(parent) : 12;
  if (value.endsWith("%")) return (parent ? sizeOf(parent) : 12) * parseFloat(value) / 100;
  return parseFloat(value);
}

const isBold = (weight: string): boolean => weight === "bold" || Number(weight) >= 600;

const lengthOf = (value: string | null, em: number): number =>
  value === null || value === "" ? 0 : parseFloat(value) * (value.endsWith("em") ? em : 1);

/** The lines of a `<text>` element in its own coordinates, before its transform. */
function linesOf(text: Element): TextBox[] {
  const lines: { text: string; x: number; y: number; width: number; above: number; below: number }[] = [];
  const anchor = inherited(text, "text-anchor", "start");
  const startLine = (element: Element, y: number) =>
    lines.push({ text: "", x: lengthOf(element.getAttribute("x"), 1), y, width: 0, above: 0, below: 0 });
  const visit = (node: Node, element: Element) => {
    if (node.nodeType === 3) {
      const style = {
        family: inherited(element, "font-family", "Inter"),
        sizePx: sizeOf(element),
        bold: isBold(inherited(element, "font-weight", "400")),
      };
      const content = node.textContent ?? "";
      const line = lines[lines.length - 1];
      line.text += content;
      line.width += textWidth(content, style);
      line.above = Math.max(line.above, textAscent(style));
      line.below = Math.max(line.below, textDescent(style));
      return;
    }
    if (node.nodeType !== 1) return;
    const child = node as Element;
    // Not drawn: it shows when the pointer rests on the text.
    if (child.localName === "title") return;
    const baseline = lengthOf(child.getAttribute("y"), 1) + lengthOf(child.getAttribute("dy"), sizeOf(child));
    if (child === text || child.getAttribute("x") !== null) startLine(child, baseline);
    for (const inner of child.childNodes) visit(inner, child);
  };
  visit(text, text);
  return lines.filter((line) => line.text.trim() !== "").map((line) => {
    const left = line.x - (anchor === "middle" ? line.width / 2 : anchor === "end" ? line.width : 0);
    return {
      text: line.text,
      left,
      right: left + line.width,
      top: line.y - line.above,
      bottom: line.y + line.below,
    };
  });
}

/** All lines of text at or below an element, in the coordinates of the outermost SVG that holds it. */
export function textBoxes(element: Element): TextBox[] {
  const texts = element.tagName.toLowerCase() === "text" ? [element] : [...element.querySelectorAll("text")];
  return texts.flatMap((text) => {
    let matrix = IDENTITY;
    for (let at: Element | null = text; at?.getAttribute; at = parentOf(at)) {
      if (at.tagName.toLowerCase() === "svg") {
        const [x, y] = [Number(at.getAttribute("x") ?? 0), Number(at.getAttribute("y") ?? 0)];
        if (x || y) matrix = multiply([1, 0, 0, 1, x, y], matrix);
      } else matrix = multiply(parseTransform(at.getAttribute("transform")), matrix);
    }
    return linesOf(text).map((line) => transformed(line, matrix));
  });
}

/** The smallest box around others; a point at the origin around none. */
export function union(boxes: readonly Box[]): Box {
  if (boxes.length === 0) return { left: 0, top: 0, right: 0, bottom: 0 };
  return {
    left: Math.min(...boxes.map((box) => box.left)),
    top: Math.min(...boxes.map((box) => box.top)),
    right: Math.max(...boxes.map((box) => box.right)),
    bottom: Math.max(...boxes.map((box) => box.bottom)),
  };
}
