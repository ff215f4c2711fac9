import { describe, expect, it } from "vitest";
import { formatNotebook, type Notebook, parseNotebook } from "../../lib/jupyter/notebook_file.ts";

const NOTEBOOK: Notebook = {
  cells: [
    { cell_type: "markdown", id: "a", metadata: {}, source: "# Title\ntext" },
    {
      cell_type: "code",
      id: "b",
      metadata: { tags: ["measured"] },
      source: "await show(1);\n",
      execution_count: 1,
      outputs: [
        { output_type: "stream", name: "stdout", text: "one\ntwo\n" },
        {
          output_type: "display_data",
          data: { "text/plain": "1\n2", "application/vnd.plotly.v1+json": { data: [{ x: ["a\nb"] }] } },
          metadata: {},
        },
        { output_type: "error", ename: "Error", evalue: "bad", traceback: ["Error: bad"] },
      ],
    },
  ],
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5,
};

describe("notebook files", () => {
  it("are read as they were written", () => {
    expect(parseNotebook(formatNotebook(NOTEBOOK), "x.ipynb")).toEqual(NOTEBOOK);
  });

  it("are written as Jupyter writes them: sorted keys, lines, one space", () => {
    const text = formatNotebook(NOTEBOOK);
    expect(text).toContain('\n   "source": [\n    "# Title\\n",\n    "text"\n   ]\n');
    expect(text.indexOf('"cells"')).toBeLessThan(text.indexOf('"metadata"'));
    expect(text.endsWith("}\n")).toBe(true);
  });

  const good = formatNotebook(NOTEBOOK);
  const broken: Record<string, [text: string, message: RegExp]> = {
    "an empty file": ["", /x\.ipynb: not a notebook: the file is empty/],
    "half a file": [good.slice(0, 300), /the JSON breaks off at line \d+, column \d+; the file is incomplete/],
    "a comma too many": [good.replace('"cells": [', '"cells": [,'), /broken JSON at line 2, column \d+/],
    "an unfinished merge": [
      good.replace(' "cells"', "<<<<<<< HEAD\n cells"),
      /line 2 holds the marks of an unfinished merge/,
    ],
    "a list": ["[]", /holds no JSON object/],
    "an old version": ['{"nbformat": 3}', /"nbformat" is 3/],
    "an unknown cell": ['{"nbformat":4,"cells":[{"cell_type":"text","source":""}]}', /cell 1: "cell_type" is "text"/],
    "a cell without source": ['{"nbformat":4,"cells":[{"cell_type":"markdown"}]}', /cell 1: "source" is neither/],
    "an unknown output": [
      '{"nbformat":4,"cells":[{"cell_type":"code","source":"","outputs":[{"output_type":"x"}]}]}',
      /cell 1: output 1: "output_type" is "x"/,
    ],
  };
  for (const [name, [text, message]] of Object.entries(broken)) {
    it(`tell where ${name} is wrong`, () => {
      expect(() => parseNotebook(text, "x.ipynb")).toThrow(message);
    });
  }
});
