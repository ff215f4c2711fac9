import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { Figure, plot } from "../../lib/plot/mod.ts";
import { GALLERY } from "./gallery.ts";
import { pictureFaults } from "./picture_faults.ts";

/** Figures whose SVG is kept; `UPDATE_SNAPSHOTS=1 deno task test` writes them anew: look at them then. */
const KEPT = ["lost against CPUs", "cost against CPUs", "bars", "timeline", "schedules"];

/** One element per line, so that a difference can be read. */
const lines = (svg: string): string => svg.replaceAll("><", ">\n<") + "\n";

describe("every figure", () => {
  for (const [name, make] of Object.entries(GALLERY)) {
    it(`${name}: nothing is cut off, overlaps or lacks a letter`, async () => {
      expect(pictureFaults(await make().toSvg()).join("\n")).toBe("");
    });

    it(`${name}: has a caption with its origin and says in text what it shows`, () => {
      const figure = make();
      expect(figure.caption).toMatch(/^[A-Z0-9].*\.$/);
      expect(figure.caption).toMatch(/simulated|recorded on|measured here|published in/i);
      expect(figure.text.startsWith(figure.caption)).toBe(true);
      expect(figure.text).not.toMatch(/\u00a0|undefined|NaN| $/m);
      if (name !== "timeline, empty") expect(figure.text.split("\n").length).toBeGreaterThan(4);
    });
  }

  it("has axes with titles and units, where it has axes", () => {
    for (const [name, make] of Object.entries(GALLERY)) {
      const figure = make().toJSON();
      if ("content" in figure) continue;
      const { xaxis, yaxis } = figure.layout as Record<string, { visible?: boolean; title?: { text: string } }>;
      for (const axis of [xaxis, yaxis]) {
        if (axis.visible !== false) expect(axis.title?.text, name).toMatch(/\(.+\)|CPUs|memory|instructions|claims/);
      }
    }
  });
});

describe("pictures", () => {
  it("are the same each time, whatever is drawn in between", async () => {
    const [first] = await Promise.all([GALLERY.bars().toSvg(), GALLERY.schedules().toSvg()]);
    expect(await GALLERY.bars().toSvg()).toBe(first);
  });

  for (const name of KEPT) {
    it(`${name}: as it was when somebody looked at it`, async () => {
      const file = new URL(`./data/${name.replaceAll(" ", "_")}.svg`, import.meta.url);
      const drawn = lines(await GALLERY[name]().toSvg());
      if (process.env.UPDATE_SNAPSHOTS || !existsSync(file)) writeFileSync(file, drawn);
      expect(drawn).toBe(readFileSync(file, "utf8"));
    });
  }

  it("do not change the figure that they are drawn from", async () => {
    const figure = GALLERY.bars();
    const before = JSON.stringify(figure);
    await figure.toSvg();
    expect(JSON.stringify(figure)).toBe(before);
  });

  it("go on after a figure that cannot be drawn", async () => {
    const broken = new Figure({
      // A cycle cannot be copied.
      data: [((): Record<string, unknown> => {
        const trace: Record<string, unknown> = { type: "scatter", x: [() => 1] };
        return trace;
      })()],
      layout: { width: 100, height: 100 },
      caption: "",
      text: "",
    });
    const failed = await broken.toSvg().then(() => false, () => true);
    expect(failed).toBe(true);
    expect(await GALLERY.schedules().toSvg()).toContain("<svg");
  });
});

describe("a figure's bundle", () => {
  it("has the plot, a picture and a text, and no HTML", async () => {
    const figure = plot.lostAgainstCpus([{ cpus: 1, lost: 0 }, { cpus: 2, lost: 0.32 }]);
    const bundle = await figure.toBundle();
    expect(Object.keys(bundle).sort()).toEqual(["application/vnd.plotly.v1+json", "image/png", "text/plain"]);
    const json = JSON.parse(JSON.stringify(bundle["application/vnd.plotly.v1+json"]));
    expect(json.data[0]).toMatchObject({ type: "scatter", x: [1, 2], y: [0, 0.32] });
    expect(bundle["text/plain"]).toContain("2 CPUs lose 32 %");
    const png = Uint8Array.from(atob(bundle["image/png"]!), (letter) => letter.charCodeAt(0));
    expect([...png.slice(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const view = new DataView(png.buffer);
    expect([view.getUint32(16), view.getUint32(20)]).toEqual([2 * figure.width, 2 * figure.height]);
    expect(figure.toMetadata()["image/png"]).toEqual({ width: 760, height: 430 });
    expect(png.length).toBeLessThan(60_000);
  });
});

describe("findings", () => {
  const caption = (figure: Figure) => figure.caption;

  it("are computed from the data", () => {
    expect(caption(GALLERY["lost against CPUs"]())).toMatch(
      /^2 CPUs lose 35 %, 16 CPUs lose 82 %, atomic add loses nothing\. /,
    );
    expect(caption(GALLERY["lost against CPUs, nothing lost"]())).toMatch(/^Per-CPU loses nothing\. /);
    expect(caption(GALLERY["lost against work"]())).toMatch(
      /^Lost: 48 % without work in between and 2 % with 1,000 inst/,
    );
    expect(caption(GALLERY["cost against size"]())).toMatch(
      /^Copy \+ update is cheaper at 8 B, 256 B and 4 KiB, spin lock/,
    );
    expect(caption(GALLERY["memory against CPUs"]())).toMatch(
      /^At 128 CPUs per-CPU array takes 8\.01 MiB and array 64/,
    );
    expect(caption(GALLERY["reads against writes"]())).toMatch(
      /^Per-CPU has the cheapest write \(1\.83 ns\) and pays 344 ns/,
    );
    expect(caption(GALLERY.fairness())).toMatch(/^Test-and-set lock is the least fair: .* 3 % and 71 %/);
    expect(caption(GALLERY.verdicts())).toMatch(/^14 claims are true, 6 true with conditions, 6 wrong\./);
    expect(caption(GALLERY.schedules())).toMatch(/^4 of 6 schedules lose an update\./);
    expect(caption(GALLERY["schedules, long steps"]())).toMatch(/^64 of 70 schedules lose an update\./);
    expect(caption(GALLERY.timeline())).toMatch(/^An update of counter by CPU 0 is lost: CPU 1 reads before it/);
    expect(caption(GALLERY["timeline, torn read"]())).toMatch(
      /^CPU 1 reads half of an update: one field of pair\[0\] from/,
    );
    expect(caption(GALLERY["timeline, lock"]())).toMatch(/^No update is lost/);
  });

  it("say how far the model is off where something was measured", () => {
    const figure = plot.costAgainstCpus([
      { technique: "atomic", cpus: 1, ns: 8 },
      { technique: "atomic", cpus: 2, ns: 50 },
      { technique: "atomic", cpus: 1, ns: 10, kind: "measured", on: "here" },
      { technique: "atomic", cpus: 2, ns: 40, kind: "measured", on: "here" },
    ]);
    expect(figure.caption).toContain("The model is off by 23 % (median) and 25 % (worst) at 2 measured points.");
  });

  it("give way to the reader's own", () => {
    const figure = plot.lostAgainstCpus([{ cpus: 2, lost: 0.3 }], { finding: "Look here" });
    expect(figure.caption).toMatch(/^Look here\. /);
  });
});

describe("wrong input", () => {
  const series = { technique: "racy" as const, x: [1, 2], y: [1] };
  const axes = { title: "t", x: { title: "CPUs" }, y: { title: "time", unit: "ns", log: true } };

  it("is named in the error", () => {
    expect(() => plot.lines({ ...axes, series: [series] })).toThrow(/"racy \+=": 2 values of x but 1 of y/);
    expect(() => plot.lines({ ...axes, series: [] })).toThrow(/series is an empty list/);
    expect(() => plot.lines({ ...axes, series: [{ ...series, y: [0, -1] }] })).toThrow(/"time": no value above 0/);
    expect(() => plot.bars({ title: "t", bars: [], axis: { title: "x" } })).toThrow(/nothing to draw/);
    expect(() => plot.fairness([{ name: "idle", perCpu: [0, 0] }])).toThrow(/"idle": no operations/);
    expect(() => plot.distribution([{ name: "none", samples: [] }])).toThrow(/"none"/);
    expect(() => plot.table({ title: "t", columns: ["a"], rows: [{ name: "r", cells: [] }] })).toThrow(/row "r" has 0/);
    const twenty = Array.from({ length: 20 }, () => "step");
    expect(() => plot.lattice({ steps: [twenty, twenty], bad: () => false })).toThrow(/more than 5000 schedules/);
    expect(() => plot.lattice({ steps: [["a"], ["b"]], bad: () => false, path: [0, 0] })).toThrow(/1 steps of CPU 0/);
  });
});

it("runs of one listing on several numbers of CPUs are one line, whatever they say of themselves", async () => {
  const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
  const runs = [];
  for (const cpus of [1, 2, 4]) runs.push(await simulate(racy, { cpus, invocations: 100, seed: 1 }));
  const figure = plot.lostAgainstCpus(runs);
  expect(figure.text.split("\n")[0]).toMatch(/^2 CPUs lose \d+ %, 4 CPUs lose \d+ %\./);
  expect(figure.text).toContain("Simulated: 100 runs on each CPU, seed 1");
});
