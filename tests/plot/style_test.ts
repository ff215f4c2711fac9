import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitText, missingCharacters, textWidth, wrapText } from "../../lib/plot/fonts.ts";
import { placeBeside, spread } from "../../lib/plot/labels.ts";
import { bytes, count, percent, significant, times } from "../../lib/plot/numbers.ts";
import { shareWidths } from "../../lib/plot/share_widths.ts";
import { colours, fonts, techniques } from "../../lib/plot/style.ts";
import { texts } from "../../lib/plot/texts.ts";

const channels = (hex: string): number[] => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
const linear = (value: number): number => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const luminance = (hex: string): number => {
  const [r, g, b] = channels(hex).map(linear);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: string, b: string): number => {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
};

/** How colour-blind readers see a colour (Viénot, Brettel and Mollon 1999; linear RGB). */
const SIGHT: Record<string, number[][]> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
  deutan: [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
};

/** Distance in CIELAB of two colours as seen. */
function distance(a: string, b: string, sight: number[][]): number {
  const lab = (hex: string) => {
    const rgb = channels(hex).map(linear);
    const [r, g, bl] = sight.map((row) => Math.max(0, row.reduce((sum, weight, i) => sum + weight * rgb[i], 0)));
    const xyz = [
      (0.4124 * r + 0.3576 * g + 0.1805 * bl) / 0.9505,
      0.2126 * r + 0.7152 * g + 0.0722 * bl,
      (0.0193 * r + 0.1192 * g + 0.9505 * bl) / 1.089,
    ].map((t) => t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
    return [116 * xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])];
  };
  const [p, q] = [lab(a), lab(b)];
  return Math.hypot(...p.map((value, i) => value - q[i]));
}

/** The techniques that stand side by side in the book's figures. */
const MAIN = ["racy", "atomic", "cmpxchg", "spin_lock", "per_cpu", "copy_update", "map_in_map"] as const;

describe("colours", () => {
  it("of text are dark enough to read on the paper", () => {
    for (const [name, look] of Object.entries(techniques)) {
      expect(contrast(look.ink, colours.paper), name).toBeGreaterThanOrEqual(4.5);
    }
    for (const ink of [colours.ink, colours.quiet, colours.bad, colours.good, colours.warn]) {
      expect(contrast(ink, colours.paper)).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast(colours.bad, colours.badPaper)).toBeGreaterThanOrEqual(4.3);
  });

  it("of techniques stay apart for colour-blind readers", () => {
    for (const [name, sight] of Object.entries(SIGHT)) {
      MAIN.forEach((a, i) => {
        for (const b of MAIN.slice(i + 1)) {
          expect(distance(techniques[a].colour, techniques[b].colour, sight), `${a}, ${b}, ${name}`).toBeGreaterThan(
            11,
          );
        }
      });
    }
  });

  it("are never the only difference: each technique has its own marker", () => {
    const symbols = MAIN.map((name) => techniques[name].symbol);
    expect(new Set(symbols).size).toBe(MAIN.length);
  });

  it("belong to techniques that have a name", () => {
    expect(Object.keys(texts.technique).sort()).toEqual(Object.keys(techniques).sort());
  });
});

describe("the shipped fonts", () => {
  it("draw code, Greek, arrows, mathematics and marks", () => {
    expect(
      missingCharacters(
        "counter += 1; /* ~^|`@#$%& */ é ü ß µ × · – — … “ ” → ← ↑ ↓ ∞ ≤ ≥ ≠ ≈ √ Σ αβγ ✓ ✗ ■ ● ▲ ◆ □ ○",
      ),
    )
      .toEqual([]);
    expect(missingCharacters("锁 a")).toEqual(["锁"]);
  });

  it("measure code letters as all of one width, and text by its letters", () => {
    expect(textWidth("iiii", fonts.code)).toBeCloseTo(textWidth("MMMM", fonts.code));
    expect(textWidth("iiii", fonts.text)).toBeLessThan(textWidth("MMMM", fonts.text) / 2);
    expect(textWidth("CPU 0", fonts.label)).toBeGreaterThan(textWidth("CPU 0", fonts.text));
  });

  it("cut and break text to a width, and lose nothing in breaking", () => {
    const words = fc.array(fc.constantFrom("lost", "updates", "of", "a", "counter", "32\u00a0%"), { minLength: 1 });
    fc.assert(fc.property(words, fc.integer({ min: 80, max: 400 }), (parts, width) => {
      const text = parts.join(" ");
      const lines = wrapText(text, width, fonts.text);
      expect(lines.join(" ")).toBe(text);
      for (const line of lines) expect(textWidth(line, fonts.text)).toBeLessThanOrEqual(width);
      const cut = fitText(text, width, fonts.text);
      expect(textWidth(cut, fonts.text)).toBeLessThanOrEqual(width);
      expect(cut === text || cut.endsWith("…")).toBe(true);
    }));
  });
});

describe("labels", () => {
  const column = fc.array(
    fc.record({ at: fc.float({ min: 0, max: 300, noNaN: true }), height: fc.constantFrom(15, 18, 33) }),
    {
      minLength: 1,
      maxLength: 9,
    },
  );

  it("at the ends of lines never overlap, keep their order and stay in the picture", () => {
    fc.assert(fc.property(column, (labels) => {
      const centres = spread(labels.map(({ at }) => at), labels.map(({ height }) => height), -8, 308);
      const order = labels.map((_, i) => i).sort((a, b) => labels[a].at - labels[b].at || a - b);
      order.forEach((i, n) => {
        const top = centres[i] - labels[i].height / 2;
        expect(top).toBeGreaterThanOrEqual(-8 - 1e-6);
        expect(top + labels[i].height).toBeLessThanOrEqual(308 + 1e-6);
        if (n > 0) expect(top).toBeGreaterThanOrEqual(centres[order[n - 1]] + labels[order[n - 1]].height / 2 - 1e-6);
      });
    }));
  });

  it("that have room stay where they want to be", () => {
    expect(spread([20, 100, 200], [15, 15, 15], 0, 300)).toEqual([20, 100, 200]);
  });

  it("beside a lone point stand to its right", () => {
    const bounds = { left: 0, top: 0, right: 400, bottom: 300 };
    expect(placeBeside([{ x: 100, y: 100, width: 60, height: 16 }], bounds, 11)).toEqual([{
      left: 111,
      top: 92,
      far: false,
    }]);
    expect(placeBeside([{ x: 380, y: 100, width: 60, height: 16 }], bounds, 11)).toEqual([{
      left: 309,
      top: 92,
      far: false,
    }]);
  });

  it("share the room of columns without wasting or exceeding it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 50, max: 900 }),
        (needs, room) => {
          const widths = shareWidths(needs, room);
          const total = widths.reduce((sum, width) => sum + width, 0);
          expect(total).toBeCloseTo(
            Math.min(
              room,
              needs.reduce((sum, need) => sum + need, 0),
            ),
            6,
          );
          widths.forEach((width, i) => expect(width).toBeLessThanOrEqual(needs[i]));
        },
      ),
    );
  });
});

describe("numbers", () => {
  it("read as in a book", () => {
    expect([0, 5, 1234, 1234567, 0.5, 12345.678].map(count)).toEqual([
      "0",
      "5",
      "1,234",
      "1,234,567",
      "0.5",
      "12,345.678",
    ]);
    expect([0, 1.05, 3.349, 42.07, 174.05, 29440].map(significant)).toEqual([
      "0",
      "1.05",
      "3.35",
      "42.1",
      "174",
      "29,440",
    ]);
    const plain = (text: string) => text.replaceAll("\u00a0", " ");
    expect([0, 0.0004, 0.025, 0.32, 0.996, 1].map((share) => plain(percent(share))))
      .toEqual(["0 %", "<0.1 %", "2.5 %", "32 %", "99.6 %", "100 %"]);
    expect([64, 8192, 65848, 8.4e6].map((n) => plain(bytes(n)))).toEqual(["64 B", "8 KiB", "64.3 KiB", "8.01 MiB"]);
    expect([2, 2.94, 15.3, 16356].map((n) => plain(times(n)))).toEqual([
      "2 times",
      "2.9 times",
      "15 times",
      "16,000 times",
    ]);
  });
});
