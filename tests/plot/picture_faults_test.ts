import { describe, expect, it } from "vitest";
import { GALLERY } from "./gallery.ts";
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
    ["letters of a drawing too small", text(10, 20, "lost").replace(/style=".*?"/, 'font-size="8"'), /too small/],
    ["text on a drawing's mark", text(10, 20, "lost") + '<path class="mark" transform="translate(20,17)"/>', /mark/],
    ["text on a mark", text(10, 20, "lost") + '<path class="point" transform="translate(20,17)" d="M0,0" />', /mark/],
  ];
  for (const [name, content, fault] of faulty) {
    it(`finds ${name}`, () => {
      const faults = pictureFaults(picture(content));
      expect(faults.length).toBeGreaterThan(0);
      expect(faults.join("\n")).toMatch(fault);
    });
  }

  it("does not take for text what shows when the pointer rests on a text", () => {
    const whole = "a text that is much longer than the picture is wide";
    expect(pictureFaults(picture(text(10, 20, `<title>${whole}</title>lost`)))).toEqual([]);
  });

  const spoilt: [string, (svg: string) => string, RegExp][] = [
    ["a column moved to the left", (svg) => svg.replaceAll(/<text x="373\.\d+"/g, '<text x="250"'), /stands on/],
    ["a row moved down", (svg) => svg.replaceAll('y="40.38"', 'y="60.38"'), /stands on/],
    ["a narrower picture", (svg) => svg.replace(/width="\d+"/, 'width="600"'), /leaves the picture/],
    ["larger letters in the same width", (svg) => svg.replace('font-size="13"', 'font-size="14"'), /squeezed/],
    ["a larger font", (svg) => svg.replace('font-size="16"', 'font-size="19"'), /leaves the picture/],
    ["a mark moved onto a text", (svg) => svg.replace(/translate\(135\.6,37\.5\)/, "translate(200,37.5)"), /the mark/],
  ];
  for (const [name, spoil, fault] of spoilt) {
    it(`finds in a timeline ${name}`, async () => {
      const svg = await GALLERY.timeline().toSvg();
      expect(pictureFaults(svg)).toEqual([]);
      const worse = spoil(svg);
      expect(worse).not.toBe(svg);
      expect(pictureFaults(worse).join("\n")).toMatch(fault);
    });
  }
});
