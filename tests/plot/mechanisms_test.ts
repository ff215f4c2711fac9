/** The pictures of mechanisms: every word fits its place, every arrow goes from box to box, and each says where it comes from. */
import { describe, expect, it } from "vitest";
import { plot } from "../../lib/mod.ts";
import { scene } from "../../lib/plot/scene.ts";

const NAMES = ["cache line", "per-CPU values", "interrupts", "element reuse", "grace period", "map swap"] as const;

describe("mechanisms", () => {
  for (const name of NAMES) {
    it(`${name}: nothing is cut, and a line says after what it was drawn`, async () => {
      const figure = plot.mechanism(name);
      const svg = String((await figure.toBundle())["image/svg+xml"]);
      expect(svg).toMatch(/^<svg /);
      expect(svg).not.toContain("…");
      expect(svg).toMatch(/Drawn after [\w/]+\.[ch]|Drawn after Documentation/);
      expect(figure.text.split("\n").length).toBeGreaterThan(3);
    });
  }

  it("names what there is, where there is no such picture", () => {
    expect(() => plot.mechanism("cache lines" as "cache line")).toThrow(
      /no picture of "cache lines"; there are: cache line, per-CPU/,
    );
  });

  it("refuses an arrow to a box that its moment lacks", () => {
    const box = { left: 0, top: 0, width: 10, height: 10, lines: ["a"] };
    const moment = { heading: "now", says: "nothing.", boxes: { a: box }, arrows: [{ from: "a", to: "b" }] };
    const one = { title: "t", finding: "f", source: "s", width: 100, height: 20, moments: [moment] };
    expect(() => scene(one)).toThrow('scene "now": no box b');
  });
});
