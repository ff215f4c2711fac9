import { describe, expect, it } from "vitest";
import { compareOutputs } from "../../lib/jupyter/compare_outputs.ts";
import { joinCells, splitErrors } from "../../lib/tasks/check_cells.ts";
import type { CodeCell, MimeBundle, Notebook, Output } from "../../lib/jupyter/notebook_file.ts";
import { EPHEMERAL, MEASURED, OutputCollector } from "../../lib/jupyter/outputs.ts";
import { type Message, request } from "../../lib/jupyter/message.ts";

function collect(...messages: [type: string, content: unknown][]): Output[] {
  const collector = new OutputCollector();
  for (const [type, content] of messages) collector.add(request(type, content, "session") as Message);
  return collector.finish();
}

const stream = (text: string, name = "stdout"): [string, unknown] => ["stream", { name, text }];
const display = (text: string, id?: string, metadata = {}): [string, unknown] => [
  "display_data",
  { data: { "text/plain": text }, metadata, transient: id ? { display_id: id } : {} },
];

describe("outputs", () => {
  it("keep a stream's pieces together as long as nothing comes between", () => {
    const texts = collect(stream("a"), stream("b"), stream("c", "stderr"), stream("d"))
      .map((output) => output.output_type === "stream" && output.text);
    expect(texts).toEqual(["ab", "c", "d"]);
  });

  it("take an update in the place of the display", () => {
    const [, update] = display("new", "id");
    expect(
      collect(display("old", "id"), stream("x"), ["update_display_data", update]).map((output) => output.output_type),
    )
      .toEqual(["display_data", "stream"]);
    expect(collect(display("old", "id"), ["update_display_data", update]))
      .toEqual([{ output_type: "display_data", data: { "text/plain": "new" }, metadata: {} }]);
  });

  it("leave progress out, and join the streams around it", () => {
    expect(collect(stream("a"), display("50 %", "bar", EPHEMERAL), stream("b")))
      .toEqual([{ output_type: "stream", name: "stdout", text: "ab" }]);
  });

  it("are cleared at once, or with the next", () => {
    expect(collect(stream("a"), ["clear_output", { wait: false }])).toEqual([]);
    expect(collect(stream("a"), ["clear_output", { wait: true }])).toHaveLength(1);
    expect(collect(stream("a"), ["clear_output", { wait: true }], stream("b")))
      .toEqual([{ output_type: "stream", name: "stdout", text: "b" }]);
  });
});

function notebook(outputs: Output[], cell: Partial<CodeCell> = {}): Notebook {
  const code: CodeCell = { cell_type: "code", id: "a", metadata: {}, source: "", outputs, execution_count: 1, ...cell };
  return { cells: [code], metadata: {}, nbformat: 4, nbformat_minor: 5 };
}
const shown = (data: MimeBundle, metadata = {}): Output => ({
  output_type: "display_data",
  data,
  metadata,
});
const figure = (y: number) =>
  shown({ "application/vnd.plotly.v1+json": { data: [{ y: [y] }] }, "image/png": String(y) });
const drawing = (svg: string, picture = "") => shown({ "image/svg+xml": svg, "image/png": picture });

describe("comparison with kept outputs", () => {
  const cases: [name: string, kept: Output, fresh: Output, what?: RegExp][] = [
    ["equal text", shown({ "text/plain": "a" }), shown({ "text/plain": "a" })],
    ["other text", shown({ "text/plain": "a\nb" }), shown({ "text/plain": "a\nc" }), /line 2 was "b", now "c"/],
    ["text that ends", shown({ "text/plain": "a\nb" }), shown({ "text/plain": "a" }), /line 2 was "b", now nothing/],
    ["a figure's last bits", figure(0.3), figure(0.1 + 0.2)],
    ["a figure", figure(1), figure(1.1), /data\.0\.y\.0 was 1, now 1\.1/],
    ["another picture of the same", drawing("<svg/>", "1"), drawing("<svg/>", "2")],
    ["a drawing", drawing("<svg>\na</svg>"), drawing("<svg>\nb</svg>"), /svg\+xml: line 2 was "a<\/svg>", now "b/],
    ["measured output", shown({ "text/plain": "1 ns" }, MEASURED), shown({ "text/plain": "2 ns" }, MEASURED)],
    ["another form", shown({ "text/plain": "a" }), shown({ "text/html": "a" }), /kept text\/plain/],
  ];
  for (const [name, kept, fresh, what] of cases) {
    it(`${what ? "tells" : "allows"} ${name}`, () => {
      const found = compareOutputs(notebook([kept]), notebook([fresh]));
      if (what) expect(found[0].what).toMatch(what);
      else expect(found).toEqual([]);
    });
  }

  it("does not count what is left of a progress bar, on either side", () => {
    const bar = shown({ "text/plain": "" }, EPHEMERAL);
    expect(compareOutputs(notebook([figure(1)]), notebook([bar, figure(1), bar]))).toEqual([]);
    expect(compareOutputs(notebook([bar, figure(1)]), notebook([figure(1)]))).toEqual([]);
    expect(compareOutputs(notebook([figure(1)]), notebook([bar]))).toHaveLength(1);
    expect(compareOutputs(notebook([figure(1)]), notebook([bar, figure(2)]))).toHaveLength(1);
  });

  it("lets a cell tagged measured show anything", () => {
    const tagged = { metadata: { tags: ["measured"] } };
    expect(compareOutputs(notebook([], tagged), notebook([figure(1)], tagged))).toEqual([]);
  });

  it("tells cells that were never run", () => {
    const found = compareOutputs(notebook([], { execution_count: null }), notebook([figure(1)]));
    expect(found[0].what).toMatch(/never run/);
  });
});

describe("joined cells", () => {
  it("know where each line comes from, and leave out what is tagged no-check", () => {
    const cells: CodeCell[] = ["let a = 1;\na;", "wrong", "[a];"].map((source, index) => ({
      ...(notebook([]).cells[0] as CodeCell),
      source,
      metadata: index === 1 ? { tags: ["no-check"] } : {},
    }));
    const joined = joinCells({ ...notebook([]), cells });
    expect(joined.source.split("\n").slice(0, 5)).toEqual(["let a = 1;", "a;", ";", "[a];", ";"]);
    expect(joined.origins[3]).toEqual({ cell: 3, line: 1 });
  });

  it("may declare what they do not use", () => {
    const said =
      "TS6133 [ERROR]: 'a' is declared but never used.\n  at x\n\nTS2322 [ERROR]: no\n  at y\n\nFound 2 errors.\n";
    expect(splitErrors(said)).toEqual(["TS2322 [ERROR]: no\n  at y"]);
  });
});
