/** The fonts that static pictures are drawn with, and the widths of their glyphs. */
import { assetBytes } from "../host/assets.ts";
import { language } from "../host/language.ts";
import { type Glyphs, readGlyphs } from "./glyphs.ts";

/** CSS font families of every figure: the shipped font first, then what a browser is likely to have. */
export const TEXT_FAMILY = "Inter, Helvetica Neue, Arial, sans-serif";
export const CODE_FAMILY = "JetBrains Mono, Menlo, Consolas, monospace";
const CHINESE = "Noto Sans SC";

const isCode = ({ family }: FontStyle): boolean => /mono/i.test(family.split(",")[0]);

const HAN_LETTER = /\p{Script=Han}/u;

/**
 * The families that a text asks for in the language of today. Chinese texts are drawn with the Chinese font throughout:
 * what draws the static pictures looks for a missing letter in any font, whatever its weight.
 */
export function familyOf(style: FontStyle, text = ""): string {
  if (language() !== "zh" || (isCode(style) && !HAN_LETTER.test(text))) return style.family;
  return `${CHINESE}, ${style.family}`;
}

const FILES = {
  "Inter 400": "Inter-Regular.ttf",
  "Inter 600": "Inter-SemiBold.ttf",
  "JetBrains Mono 400": "JetBrainsMono-Regular.ttf",
  "JetBrains Mono 700": "JetBrainsMono-Bold.ttf",
  "Noto Sans SC 400": "NotoSansSC-Regular.ttf",
  "Noto Sans SC 600": "NotoSansSC-SemiBold.ttf",
} as const;
type Face = keyof typeof FILES;
const FACES = Object.keys(FILES) as Face[];
const LATIN = FACES.filter((face) => !face.startsWith(CHINESE));

export interface FontStyle {
  /** A CSS font-family list. */
  readonly family: string;
  readonly sizePx: number;
  readonly bold?: boolean;
}

const files = new Map<Face, Uint8Array>();
const glyphs = new Map<Face, Glyphs>();

/** A font file, read once. */
function fileOf(face: Face): Uint8Array {
  let found = files.get(face);
  if (!found) files.set(face, found = assetBytes(`plot/assets/${FILES[face]}`));
  return found;
}

/**
 * The bytes of the shipped fonts that a picture takes.
 *
 * @param svg the picture; without it all fonts
 */
export const fontBytes = (svg?: string): Uint8Array[] =>
  (svg === undefined || svg.includes(CHINESE) ? FACES : LATIN).map(fileOf);

function glyphsOf(face: Face): Glyphs {
  let found = glyphs.get(face);
  if (!found) glyphs.set(face, found = readGlyphs(fileOf(face)));
  return found;
}

/** The face that a style asks for, then the one that stands in for characters it lacks. */
function faces(style: FontStyle, line: string): Face[] {
  const code: Face = style.bold ? "JetBrains Mono 700" : "JetBrains Mono 400";
  const text: Face = style.bold ? "Inter 600" : "Inter 400";
  const chinese: Face = style.bold ? "Noto Sans SC 600" : "Noto Sans SC 400";
  if (language() === "zh") {
    return isCode(style) && !HAN_LETTER.test(line) ? [code, chinese, text] : [chinese, text, code];
  }
  return isCode(style) ? [code, text] : [text, code];
}

/** Width of one line of text in pixels. Kerning is left out, so that a line is never wider than this. */
export function textWidth(text: string, style: FontStyle): number {
  const candidates = faces(style, text);
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
  const all = (language() === "zh" ? FACES : LATIN).map(glyphsOf);
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

/** What may not begin a line, and what may not end one (W3C, Requirements for Chinese Text Layout, 3.1.3). */
const NOT_FIRST = "，。、；：？！）》」』”’…·%", NOT_LAST = "（《「『“‘";
const HAN = /[\p{Script=Han}\u3000-\u303f\uff00-\uffef“”‘’]/u;

/** Pieces of a text between which a line may be broken: at spaces, and between Chinese characters. */
function pieces(text: string): string[] {
  const found: string[] = [];
  for (const character of text) {
    const before = found.at(-1)?.at(-1);
    const joins = before !== undefined && before !== " " && (
      (!HAN.test(before) && !HAN.test(character)) || NOT_FIRST.includes(character) || NOT_LAST.includes(before)
    );
    if (joins || (character === " " && before !== undefined)) found[found.length - 1] += character;
    else found.push(character);
  }
  return found;
}

/** Breaks a text at spaces, or between Chinese characters, into lines of at most `widthPx`; a longer word stands alone. */
export function wrapText(text: string, widthPx: number, style: FontStyle): string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of pieces(text.replace(/ +/g, " "))) {
    if (line !== "" && textWidth((line + piece).trimEnd(), style) > widthPx) {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    } else line += piece;
  }
  return [...lines, line.trimEnd()];
}
