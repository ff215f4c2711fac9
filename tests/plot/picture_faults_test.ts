import { describe, expect, it } from "vitest";
import { pictureFaults } from "./picture_faults.ts";

const picture = (content: string) => `<svg width="200" height="100">${content}</svg>`;
const text = (x: number, y: number, content: string, more = "") =>
  `<text x="${x}" y="${y}" style="font-family:Inter;font-size:12px" ${more}>${content}</text>`;

describe("the checker of pictures", () => {
  it("passes text that stands free", () => {
    expect(pictureFaults(picture(text(10, 20, "lost") + text(10, 40, "found")))).toEqual([]);
  });

  const faulty: [string, string, RegExp][] = [
    ["text over the right edge", text(180, 20, "operations"), /leaves the picture/],
    ["text over the top edge", text(10, 5, "lost"), /leaves the picture/],
    ["text that a transform moves out", `<g transform="translate(-40,0)">${text(10, 20, "lost")}</g>`, /leaves/],
    ["text on text", text(10, 20, "lost") + text(20, 24, "found"), /stands on/],
    ["an anchored text on text", text(50, 20, "lost") + text(70, 20, "lost", 'text-anchor="end"'), /stands on/],
    ["a turned text on text", text(50, 50, "lost") + text(50, 50, "found", 'transform="rotate(-90,50,50)"'), /on/],
    ["a letter without a font", text(10, 20, "锁"), /no shipped font has 锁/],
    ["letters too small", text(10, 20, "lost").replace("12px", "8px"), /too small/],
    ["text on a mark", text(10, 20, "lost") + '<path class="point" transform="translate(20,17)" d="M0,0" />', /mark/],
  ];
  for (const [name, content, fault] of faulty) {
    it(`finds ${name}`, () => {
      const faults = pictureFaults(picture(content));
      expect(faults.length).toBeGreaterThan(0);
      expect(faults.join("\n")).toMatch(fault);
    });
  }
});
