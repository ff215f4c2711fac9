/**
 * What is wrong with a picture as a reader would see it: text cut off at the edge, text on text, text on marks, letters
 * that the fonts lack, letters too small to read or forced into another width. Every figure of the book goes through this.
 */
import { parseHTML } from "linkedom";
import { missingCharacters } from "../../lib/plot/fonts.ts";
import { type Box, parseTransform, type TextBox, textBoxes } from "../../lib/plot/text_boxes.ts";

/** Overlaps of less than this many pixels are the air that fonts leave around letters. */
const TOLERANCE_PX = 1;
const SMALLEST_TEXT_PX = 10;

const overlap = (a: Box, b: Box): boolean =>
  Math.min(a.right, b.right) - Math.max(a.left, b.left) > TOLERANCE_PX &&
  Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > TOLERANCE_PX;

const show = ({ text, left, top, right, bottom }: TextBox): string =>
  `"${text}" (${[left, top, right, bottom].map((n) => n.toFixed(0)).join(" ")})`;

/** Centres of the markers of scatter traces and of the marks of drawings, in pixels of the picture. */
function markers(svg: Element): { x: number; y: number }[] {
  return [...svg.querySelectorAll("path.point, path.mark")].map((point) => {
    let [x, y] = [0, 0];
    for (let at: Element | null = point; at?.getAttribute; at = at.parentNode as Element | null) {
      const [a, b, c, d, e, f] = parseTransform(at.getAttribute("transform"));
      [x, y] = [a * x + c * y + e, b * x + d * y + f];
    }
    return { x, y };
  });
}

/**
 * @param svg what `Figure.toSvg()` gives.
 * @returns one sentence per fault; empty for a picture that is fine.
 */
export function pictureFaults(svg: string): string[] {
  const { document } = parseHTML(`<!doctype html><html><body>${svg}</body></html>`);
  const root = document.querySelector("svg") as unknown as Element;
  const [width, height] = ["width", "height"].map((name) => Number(root.getAttribute(name)));
  const texts = textBoxes(root);
  const faults: string[] = [];
  for (const box of texts) {
    if (box.left < -0.5 || box.top < -0.5 || box.right > width + 0.5 || box.bottom > height + 0.5) {
      faults.push(`${show(box)} leaves the picture of ${width} x ${height}`);
    }
    const missing = missingCharacters(box.text);
    if (missing.length > 0) faults.push(`${show(box)}: no shipped font has ${missing.join(" ")}`);
  }
  texts.forEach((a, i) => {
    for (const b of texts.slice(i + 1)) if (overlap(a, b)) faults.push(`${show(a)} stands on ${show(b)}`);
  });
  for (const { x, y } of markers(root)) {
    const on = texts.find((box) => x > box.left && x < box.right && y > box.top && y < box.bottom);
    if (on) faults.push(`${show(on)} stands on the mark at ${x.toFixed(0)} ${y.toFixed(0)}`);
  }
  for (const text of root.querySelectorAll("text")) {
    const given = text.getAttribute("textLength"), [line] = textBoxes(text);
    if (given === null || !line || Math.abs(Number(given) - (line.right - line.left)) <= TOLERANCE_PX) continue;
    faults.push(`${show(line)} is squeezed or stretched to ${given} pixels`);
  }
  for (const size of svg.matchAll(/font-size(?:: ?|=")([\d.]+)(?:px|")/g)) {
    if (Number(size[1]) < SMALLEST_TEXT_PX) faults.push(`text of ${size[1]} px is too small to read`);
  }
  return [...new Set(faults)];
}
