/** Figures behind a slider: every value has its picture in the page, and the first stands there without any script. */
import { describe, expect, it } from "vitest";
import { plot, slider } from "../../lib/mod.ts";

const figureOf = (cpus: number) =>
  plot.bars({ title: "x", bars: [{ name: `of ${cpus}`, value: cpus }], axis: { title: "y" } });
const pictures = (html: string) =>
  [...html.matchAll(/data:image\/svg\+xml;base64,([A-Za-z0-9+/=]+)/g)].map(([, text]) => atob(text));

describe("a slider", () => {
  it("brings the picture of every value, and shows that of `at`", async () => {
    const made = await slider("CPUs", [2, 4, 8], figureOf, { at: 4 });
    const { "text/html": html, "text/plain": text } = await made.toBundle();
    const [shown, ...all] = pictures(html);
    expect(all).toHaveLength(3);
    expect(all.map((svg, i) => svg.includes(`of ${[2, 4, 8][i]}`))).toEqual([true, true, true]);
    expect(shown).toBe(all[1]);
    expect(html).toContain('max="2" step="1" value="1"');
    expect(text.split("\n")[0]).toBe("CPUs: 2, 4, 8; shown: 4");
  });

  it("keeps a name from being read as HTML", async () => {
    const { "text/html": html } = await (await slider('<img src="x">', [1], figureOf)).toBundle();
    expect(html).not.toContain('<img src="x">');
  });

  it("says what is wrong with its values", async () => {
    await expect(slider("seed", [], figureOf)).rejects.toThrow('slider("seed"): 0 values; give 1 to 24');
    await expect(slider("seed", [1, 2], figureOf, { at: 3 })).rejects.toThrow('slider("seed"): at is 3, none of 1, 2');
  });
});
