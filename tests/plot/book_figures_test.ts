import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { PlotlyJson } from "../../lib/plot/plotly_dom.ts";
import { toSvg } from "../../lib/plot/static_picture.ts";
import { pictureFaults } from "./picture_faults.ts";

const PLOTLY = "application/vnd.plotly.v1+json";
const SVG = "image/svg+xml";
const BOOK = new URL("../../notebooks/", import.meta.url);

interface Output {
  readonly data?: Record<string, unknown>;
}

/** The figures that a notebook was committed with. */
function figuresOf(notebook: string): Record<string, unknown>[] {
  const { cells } = JSON.parse(readFileSync(new URL(notebook, BOOK), "utf8")) as { cells: { outputs?: Output[] }[] };
  return cells.flatMap((cell) => cell.outputs ?? []).flatMap(({ data }) =>
    data && (PLOTLY in data || SVG in data) ? [data] : []
  );
}

const notebooks = readdirSync(BOOK).filter((name) => name.endsWith(".ipynb")).sort();

describe("the figures of the book", () => {
  for (const notebook of notebooks) {
    figuresOf(notebook).forEach((bundle, n) => {
      it(`${notebook}, figure ${n + 1}: has its picture and its text, and no HTML in front of them`, () => {
        const source = PLOTLY in bundle ? PLOTLY : SVG;
        expect(Object.keys(bundle).sort()).toEqual([source, "image/png", "text/plain"].sort());
      });

      it(`${notebook}, figure ${n + 1}: nothing is cut off, overlaps or lacks a letter`, async () => {
        const svg = PLOTLY in bundle ? await toSvg(bundle[PLOTLY] as PlotlyJson) : [bundle[SVG]].flat().join("");
        expect(pictureFaults(svg).join("\n")).toBe("");
      });
    });
  }

  it("are there", () => {
    expect(notebooks.some((notebook) => figuresOf(notebook).length > 0)).toBe(true);
  });
});
