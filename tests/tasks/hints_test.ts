/** Hints of the live book's editors: what is known of the library, and what is asked for where. */
import { describe, expect, it } from "vitest";
import { askedAt, hintsOf } from "../../lib/tasks/book/live/hints.ts";

describe("hints", () => {
  it("are the library's names, members and options, with what inherited ones say", () => {
    const ref = (typeName: string) => ({ kind: "typeRef", value: { typeName } });
    const symbols = [
      {
        name: "run",
        declarations: [{
          ...{ kind: "function", jsDoc: { doc: "Runs `it`, see {@link other}.\n\nMore." } },
          def: { params: [{ tsType: { kind: "intersection", value: [ref("RunOptions"), ref("Extra")] } }] },
        }],
      },
      {
        name: "RunOptions",
        declarations: [{
          kind: "interface",
          def: {
            extends: [ref("Base")],
            properties: [{ name: "seed", jsDoc: { doc: "A seed." }, tsType: { repr: "number" } }],
          },
        }],
      },
      { name: "Base", declarations: [{ kind: "interface", def: { properties: [{ name: "cpus" }] } }] },
      {
        name: "plot",
        declarations: [{ kind: "variable", def: { tsType: { value: { properties: [{ name: "lines" }] } } } }],
      },
    ];
    const { exports, members, options } = hintsOf({ nodes: { x: { symbols } } });
    expect(exports[0]).toEqual({ name: "run", kind: "function", info: "Runs it, see other." });
    expect(options.run).toEqual([
      { name: "seed", kind: "number", info: "A seed." },
      { name: "cpus", kind: "", info: "" },
    ]);
    expect(members.plot.map(({ name }) => name)).toEqual(["lines"]);
  });

  it("are asked for by where they stand", () => {
    const exports = { kind: "exports" };
    expect(askedAt("await sim")).toEqual(exports);
    expect(askedAt("plot.li")).toEqual({ kind: "members", of: "plot" });
    expect(askedAt("simulate(racy, { cp")).toEqual({ kind: "options", of: "simulate" });
    expect(askedAt("await show(await explore(f(racy), {\n  cpus: 2,\n  inv")).toEqual({
      kind: "options",
      of: "explore",
    });
    expect(askedAt("simulate(racy, { cpus: cp")).toEqual(exports);
    expect(askedAt("simulate(racy, { holds: (state) => st")).toEqual(exports);
    expect(askedAt("simulate(racy, { cpus: 2 }); sh")).toEqual(exports);
    expect(askedAt("{ const x = 1; simu")).toEqual(exports);
  });

  it("are not asked for in listings, texts and comments", () => {
    for (const text of ["bpf\x60int simu", '"sim', "// sim", "/* sim", "`a ${b} sim"]) {
      expect([text, askedAt(text)]).toEqual([text, undefined]);
    }
    for (const text of ["bpf\x60int a;`; sim", '"a" + sim', "// a\nsim", "/* a */ sim"]) {
      expect([text, askedAt(text)]).toEqual([text, { kind: "exports" }]);
    }
  });
});
