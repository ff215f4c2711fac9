/** Reads the advance widths of a TrueType font: as much of the format as measuring a line of text needs. */

export interface Glyphs {
  /** Whether the font draws this code point. */
  has(codePoint: number): boolean;
  /** Advance width in units of the font size (0.5 = half an em); of the missing glyph where it has none. */
  advance(codePoint: number): number;
}

/**
 * @param bytes a TrueType or OpenType file with a Unicode `cmap` of format 4 or 12.
 * @throws RangeError when a table that is needed is missing.
 */
export function readGlyphs(bytes: Uint8Array): Glyphs {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const table = (tag: string): number => {
    for (let i = 0; i < view.getUint16(4); i++) {
      const entry = 12 + 16 * i;
      if (String.fromCharCode(...bytes.subarray(entry, entry + 4)) === tag) return view.getUint32(entry + 8);
    }
    throw new RangeError(`font: no table ${tag}`);
  };
  const unitsPerEm = view.getUint16(table("head") + 18);
  const longMetrics = view.getUint16(table("hhea") + 34);
  const hmtx = table("hmtx");
  const glyphOf = readCmap(view, table("cmap"));
  return {
    has: (codePoint) => glyphOf(codePoint) !== 0,
    advance: (codePoint) => view.getUint16(hmtx + 4 * Math.min(glyphOf(codePoint), longMetrics - 1)) / unitsPerEm,
  };
}

/** Code point to glyph index, 0 where there is none. */
function readCmap(view: DataView, cmap: number): (codePoint: number) => number {
  const subtables = Array.from({ length: view.getUint16(cmap + 2) }, (_, i) => cmap + view.getUint32(cmap + 8 + 8 * i));
  const wide = subtables.find((at) => view.getUint16(at) === 12);
  if (wide !== undefined) return (codePoint) => lookUpWide(view, wide, codePoint);
  const narrow = subtables.find((at) => view.getUint16(at) === 4);
  if (narrow !== undefined) return (codePoint) => lookUpNarrow(view, narrow, codePoint);
  throw new RangeError("font: no cmap of format 4 or 12");
}

function lookUpWide(view: DataView, at: number, codePoint: number): number {
  const groups = view.getUint32(at + 12);
  for (let i = 0; i < groups; i++) {
    const group = at + 16 + 12 * i;
    const first = view.getUint32(group);
    if (codePoint >= first && codePoint <= view.getUint32(group + 4)) {
      return view.getUint32(group + 8) + codePoint - first;
    }
  }
  return 0;
}

function lookUpNarrow(view: DataView, at: number, codePoint: number): number {
  const doubled = view.getUint16(at + 6);
  for (let i = 0; i < doubled; i += 2) {
    if (codePoint > view.getUint16(at + 14 + i)) continue;
    const first = view.getUint16(at + 16 + doubled + i);
    if (codePoint < first) return 0;
    const delta = view.getInt16(at + 16 + 2 * doubled + i);
    const rangeAt = at + 16 + 3 * doubled + i;
    const range = view.getUint16(rangeAt);
    if (range === 0) return (codePoint + delta) & 0xffff;
    const glyph = view.getUint16(rangeAt + range + 2 * (codePoint - first));
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
  }
  return 0;
}
