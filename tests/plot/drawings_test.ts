/** Timelines, lattices and tables: figures that are SVG and not plots. */
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { type Figure, plot } from "../../lib/plot/mod.ts";
import { element, escapeXml, pixels } from "../../lib/plot/svg.ts";
import { traceOf } from "../report/traces.ts";
import { GALLERY } from "./gallery.ts";

const DRAWINGS = Object.keys(GALLERY).filter((name) => /^(timeline|schedules|store buffers|table)/.test(name));

async function opened(figure: Figure): Promise<Element> {
  const { document } = parseHTML(`<!doctype html><html><body>${await figure.toSvg()}</body></html>`);
  return document.querySelector("svg") as unknown as Element;
}

const hovers = (svg: Element): string[] => [...svg.querySelectorAll("title")].map(({ textContent }) => textContent);

describe("drawings", () => {
  for (const name of DRAWINGS) {
    it(`${name}: say to a screen reader what they show, on their own paper`, async () => {
      const figure = GALLERY[name](), svg = await opened(figure);
      expect(svg.getAttribute("role")).toBe("img");
      expect(svg.getAttribute("aria-label")).toBe(figure.caption);
      expect(`${figure.caption}\n\n${svg.querySelector("desc")?.textContent ?? ""}`).toBe(figure.text);
      const paper = svg.querySelector("rect")!;
      expect(["width", "height", "fill"].map((attribute) => paper.getAttribute(attribute)))
        .toEqual([String(figure.width), String(figure.height), "#FFFFFF"]);
    });

    it(`${name}: hold nothing that meets other figures of a page, and no picture-wide hover text`, async () => {
      const svg = await opened(GALLERY[name]());
      expect(svg.querySelectorAll("[id], style, script, image").length).toBe(0);
      expect([...svg.children].map(({ localName }) => localName)).not.toContain("title");
    });

    it(`${name}: go into a notebook as SVG, picture and text`, async () => {
      const figure = GALLERY[name](), bundle = await figure.toBundle();
      expect(Object.keys(bundle).sort()).toEqual(["image/png", "image/svg+xml", "text/plain"]);
      expect(bundle["image/svg+xml"]).toBe(await figure.toSvg());
      const png = Uint8Array.from(atob(bundle["image/png"]!), (letter) => letter.charCodeAt(0));
      const view = new DataView(png.buffer);
      expect([view.getUint32(16), view.getUint32(20)]).toEqual([2 * figure.width, 2 * figure.height]);
    });
  }

  it("tell of a step when the pointer rests on its mark, and let a crossed one speak through its cross", async () => {
    const svg = await opened(GALLERY.timeline());
    expect(hovers(svg).slice(0, 4).map((text) => text.split("\n"))).toEqual([
      ["0: reads counter = 0", "7: counter += 1;", "2: r2 = *(u32 *)(r1 +0)"],
      ["1: reads counter = 0", "7: counter += 1;", "2: r2 = *(u32 *)(r1 +0)"],
      ["2: counter: 0 → 1", "7: counter += 1;", "4: *(u32 *)(r1 +0) = r2"],
      ["3: counter: 1 → 1", "7: counter += 1;", "4: *(u32 *)(r1 +0) = r2"],
    ]);
    for (const mark of svg.querySelectorAll("path.mark")) {
      expect(mark.getAttribute("pointer-events")).toBe(mark.querySelector("title") ? null : "none");
    }
  });

  it("of store buffers: what waits is not in memory yet, and what is flushed waits no longer", () => {
    const rows = (name: string) => GALLERY[name]().text.split("\n").slice(-3).map((row) => row.trim().split(/ {2,}/));
    expect(rows("store buffers").map((row) => row.at(-1))).toEqual(["x = 1", "y = 1", "x = 0, y = 0"]);
    expect(rows("store buffers, one flushed").map((row) => row.at(-1))).toEqual(["nothing", "y = 1", "x = 1, y = 0"]);
    expect(() => plot.storeBuffers(traceOf([{ kind: "load", cpu: 0, before: 1 }]))).toThrow(/no store waits/);
  });

  it("show the whole of a text that is cut", async () => {
    const svg = await opened(GALLERY["timeline, long lines"]());
    const cut = [...svg.querySelectorAll("text")].filter((text) => text.textContent.includes("…"));
    expect(cut.length).toBeGreaterThan(23);
    for (const text of cut) expect(text.querySelector("title")!.textContent.length).toBeGreaterThan(10);
    expect(hovers(svg)).toContain("7: entry->bytes_received_and_forwarded += skb->len; /* a line that fits nowhere */");
  });

  it("give their texts the widths that they were laid out with, whatever font draws them", async () => {
    const svg = await opened(GALLERY["timeline, 3 CPUs"]());
    for (const text of svg.querySelectorAll("text")) expect(Number(text.getAttribute("textLength"))).toBeGreaterThan(0);
  });

  it("write what C lines hold, and nothing that a browser refuses", async () => {
    const line = 'if (a < b && c > d) s = "</text><script>alert(1)</script>\u0000\u001b";';
    const figure = plot.timeline(traceOf([{ kind: "load", cpu: 0, before: 1, line }]));
    const svg = await figure.toSvg();
    for (const refused of ["<script", "\u0000", "\u001b"]) expect(svg).not.toContain(refused);
    const { DOMParser } = parseHTML("");
    const document = new DOMParser().parseFromString(svg, "image/svg+xml");
    expect(document.documentElement.querySelector("desc")!.textContent).toContain("if (a < b && c > d)");
    expect((await figure.toPng()).length).toBeGreaterThan(1000);
  });
});

describe("SVG", () => {
  it("is escaped in texts and attributes", () => {
    expect(element("a", { b: '<"&>', c: undefined, d: 1 / 3 }, escapeXml("1 < 2\u0001\ud800"))).toBe(
      '<a b="&lt;&quot;&amp;&gt;" d="0.33">1 &lt; 2\ufffd\ufffd</a>',
    );
    expect(element("a", {})).toBe("<a/>");
  });

  it("has numbers of at most two decimals and no negative zero", () => {
    expect([1, 1.005, -0.001, 12.3456, 0.1 + 0.2].map(pixels)).toEqual(["1", "1", "0", "12.35", "0.3"]);
  });
});
