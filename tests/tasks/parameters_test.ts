/** Values for notebooks from the command line. */
import { describe, expect, it } from "vitest";
import { type Notebook, parseNotebook } from "../../lib/jupyter/notebook_file.ts";
import { addParameter, joinParameters, withParameters } from "../../lib/tasks/parameters.ts";

function notebook(...sources: readonly (string | [source: string, tag: string])[]): Notebook {
  const cells = sources.map((one, index) => ({
    ...{ cell_type: "code", id: `c${index}`, outputs: [], execution_count: null },
    ...(typeof one === "string" ? { source: one, metadata: {} } : { source: one[0], metadata: { tags: [one[1]] } }),
  }));
  return parseNotebook(JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }), "x.ipynb");
}
const given = (...pairs: string[]) => pairs.reduce((all, pair) => addParameter(pair, all), addParameter("UNUSED=0"));
const only = (...pairs: string[]) => new Map([...given(...pairs)].filter(([name]) => name !== "UNUSED"));
const sources = (of: Notebook) => of.cells.map(({ source }) => source);

describe("parameters of notebooks", () => {
  it("are written as papermill writes them", () => {
    expect(joinParameters(["a.ipynb", "-p", "CPUS", "3", "-p", "NAME=x", "--out", "o"]))
      .toEqual(["a.ipynb", "--parameter", "CPUS=3", "-p", "NAME=x", "--out", "o"]);
    expect([...only("A=3", "B=[1, 2]", "C=text", "D=None", "E=5n", "F=", "G=a=b").values()])
      .toEqual(["3", "[1,2]", '"text"', "null", "5n", '""', '"a=b"']);
    expect(() => addParameter("=3")).toThrow("-p CPUS 3");
    expect(() => addParameter("a-b=3")).toThrow("a name and a value");
  });

  it("stand in a cell of their own after the one that is tagged, once", () => {
    const first = withParameters(notebook("import x", ["const CPUS = 1;", "parameters"], "use(CPUS)"), only("CPUS=3"));
    expect(sources(first)).toEqual(["import x", "const CPUS = 1;", "// Parameters\nvar CPUS = 3;", "use(CPUS)"]);
    expect(sources(withParameters(first, only("CPUS=4")))[2]).toBe("// Parameters\nvar CPUS = 4;");
    expect(withParameters(first, only("CPUS=4")).cells.length).toBe(4);
  });

  it("take the place of what a cell says, to the end of it and no further", () => {
    const source = 'const CPUS: number[] = [1, 2,\n  4]; // try [1, 256]\nlet name = "a;b"\nuse(CPUS, name);';
    const [replaced] = sources(withParameters(notebook(source), only("CPUS=[3]", "name=z")));
    expect(replaced).toBe('const CPUS: number[] = [3]; // try [1, 256]\nlet name = "z"\nuse(CPUS, name);');
    const before = notebook(source);
    withParameters(before, only("CPUS=[3]"));
    expect(sources(before)).toEqual([source]);
  });

  it("that no cell declares are refused, with those that there are", () => {
    expect(() => withParameters(notebook("const CPUS = 1;\nconst run = await go();"), only("CPU=3")))
      .toThrow("no cell declares CPU with a value of its own; there are CPUS");
  });
});
