/** The fonts that static pictures are drawn with, and the widths of their glyphs. */
import { assetBytes } from "../host/assets.ts";
import { type Glyphs, readGlyphs } from "./glyphs.ts";

/** CSS font families of every figure: the shipped font first, then what a browser is likely to have. */
export const TEXT_FAMILY = "Inter, Helvetica Neue, Arial, sans-serif";
export const CODE_FAMILY = "JetBrains Mono, Menlo, Consolas, monospace";

const FILES = {
  "Inter 400": "Inter-Regular.ttf",
  "Inter 600": "Inter-SemiBold.ttf",
  "JetBrains Mono 400": "JetBrainsMono-Regular.ttf",
  "JetBrains Mono 700": "JetBrainsMono-Bold.ttf",
} as const;
type Face = keyof typeof FILES;

export interface FontStyle {
  /** A CSS font-family list. */
  readonly family: string;
  readonly sizePx: number;
  readonly bold?: boolean;
}

let files: Map<Face, Uint8Array> | undefined;
const glyphs = new Map<Face, Glyphs>();

/** The font files by face, read once. */
function fontFiles(): Map<Face, Uint8Array> {
  files ??= new Map(
    (Object.keys(FILES) as Face[]).map((face) => [
      face,
      assetBytes(`plot/assets/${FILES[face]}`),
    ]),
  );
  return files;
}

/** The bytes of all shipped fonts. */
export const fontBytes = (): Uint8Array[] => [...fontFiles().values()];

function glyphsOf(face: Face): Glyphs {
  let found = glyphs.get(face);
  if (!found) glyphs.set(face, found = readGlyphs(fontFiles().get(face)!));
  return found;
}

/** The face that a style asks for, then the one that stands in for characters it lacks. */
function faces(style: FontStyle): Face[] {
  const code = /mono/i.test(style.family.split(",")[0]);
  if (style.bold) return code ? ["JetBrains Mono 700", "Inter 600"] : ["Inter 600", "JetBrains Mono 700"];
  return code ? ["JetBrains Mono 400", "Inter 400"] : ["Inter 400", "JetBrains Mono 400"];
}

/** Width of one line of text in pixels. Kerning is left out, so that a line is never wider than this. */
export function textWidth(text: string, style: FontStyle): number {
  const candidates = faces(style);
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const face = glyphsOf(candidates.find((name) => glyphsOf(name).has(code)) ?? candidates[0]);
    width += face.advance(code) * style.sizePx;
  }
  return width;
}

/** How far a line reaches above and below its baseline, in pixels: capitals, brackets and descenders, no leading. */
export const textAscent = (style: FontStyle): number => 0.84 * style.sizePx;
export const textDescent = (style: FontStyle): number => 0.24 * style.sizePx;

/** The characters of a text that no shipped font can draw. */
export function missingCharacters(text: string): string[] {
  const all = (Object.keys(FILES) as Face[]).map(glyphsOf);
  return [...new Set(text)].filter((character) => {
    const code = character.codePointAt(0)!;
    return code >= 0x20 && !all.some((face) => face.has(code));
  });
}

/** Cuts a line that is wider than `widthPx` and ends it with an ellipsis. */
export function fitText(text: string, widthPx: number, style: FontStyle): string {
  if (textWidth(text, style) <= widthPx) return text;
  const characters = [...text];
  while (characters.length > 0 && textWidth(characters.join("").trimEnd() + "…", style) > widthPx) characters.pop();
  return characters.join("").trimEnd() + "…";
}

/** Breaks a text at spaces into lines of at most `widthPx`; a longer word stands alone. */
export function wrapText(text: string, widthPx: number, style: FontStyle): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ +/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && textWidth(longer, style) > widthPx) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
