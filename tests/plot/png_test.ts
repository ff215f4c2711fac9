import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodePng } from "../../lib/plot/png.ts";

/** Reads back what `encodePng` writes: 8-bit palette, no filter. */
function decode(png: Uint8Array): { width: number; height: number; rgb: number[] } {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks = new Map<string, Uint8Array>();
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    chunks.set(String.fromCharCode(...png.slice(at + 4, at + 8)), png.slice(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const header = new DataView(chunks.get("IHDR")!.buffer);
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  const rows = inflateSync(chunks.get("IDAT")!), palette = chunks.get("PLTE")!;
  const rgb: number[] = [];
  for (let y = 0; y < height; y++) {
    expect(rows[y * (width + 1)]).toBe(0);
    for (let x = 0; x < width; x++) rgb.push(...palette.slice(3 * rows[y * (width + 1) + 1 + x]).slice(0, 3));
  }
  return { width, height, rgb };
}

describe("PNG files", () => {
  it("give back every pixel of a picture with up to 256 colours", async () => {
    const pictures = fc.record({ width: fc.integer({ min: 1, max: 9 }), height: fc.integer({ min: 1, max: 9 }) })
      .chain((size) =>
        fc.array(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)), {
          minLength: size.width * size.height,
          maxLength: size.width * size.height,
        }).map((pixels) => ({ ...size, pixels }))
      );
    await fc.assert(fc.asyncProperty(pictures, async ({ width, height, pixels }) => {
      const rgba = Uint8Array.from(pixels.flatMap((pixel) => [...pixel, 255]));
      expect(decode(await encodePng(rgba, width, height))).toEqual({ width, height, rgb: pixels.flat() });
    }));
  });

  it("keep the frequent colours and take the nearest for the others", async () => {
    const shades = Array.from({ length: 300 }, (_, i) => [i % 256, i >> 8, 0]);
    const white = Array.from({ length: 700 }, () => [255, 255, 255]);
    const pixels = [...white, ...shades];
    const { rgb } = decode(await encodePng(Uint8Array.from(pixels.flatMap((pixel) => [...pixel, 255])), 50, 20));
    expect(rgb.slice(0, 2100).every((channel) => channel === 255)).toBe(true);
    const off = pixels.map((pixel, i) => Math.hypot(...pixel.map((channel, c) => channel - rgb[3 * i + c])));
    expect(Math.max(...off)).toBeLessThanOrEqual(2);
  });

  it("have checksums that readers accept", async () => {
    const png = await encodePng(Uint8Array.of(1, 2, 3, 255), 1, 1);
    // CRC of "IEND" without content: the same in every PNG file.
    expect([...png.slice(-4)]).toEqual([0xae, 0x42, 0x60, 0x82]);
  });
});
