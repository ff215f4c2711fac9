/** The live book's cells: what a page's kernel runs of them, and how their Markdown reads. */
import { describe, expect, it } from "vitest";
import { cellCode } from "../../lib/tasks/book/live/cell_code.ts";
import { markdownToHtml } from "../../lib/tasks/book/live/markdown.ts";

const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => (
  importModule: (specifier: string) => unknown,
) => Promise<unknown>;
const run = (source: string) =>
  new AsyncFunction("importModule", cellCode(source))((name) => ({ default: `default of ${name}`, found: name }));

describe("cells of the live book", () => {
  it("leave their names to later cells, whatever declares them", async () => {
    await run(
      "const liveA: number = 1, { x: liveB = 5, ...liveRest } = { y: 2 } as { x?: number; y: number };\nlet liveC;",
    );
    await run(
      "function liveF() { return liveLater; }\nvar [liveD, , liveE = 7] = [liveA + 1, 0];\nconst liveLater = 9;",
    );
    await run("class LiveK { value = liveF(); }\ninterface Gone { a: string }\ntype Also = Gone;");
    expect(await run("liveC = new LiveK().value;\n[liveA, liveB, liveRest, liveD, liveE, liveC]"))
      .toEqual([1, 5, { y: 2 }, 2, 7, 9]);
  });

  it("import before anything of the cell runs, and wait at the top", async () => {
    expect(
      await run(
        'const liveG = liveFound + "!";\nimport liveDefault, { found as liveFound, type T } from "m";\n' +
          "await Promise.resolve(`${liveG} ${liveDefault}`)",
      ),
    ).toBe("m! default of m");
  });

  it("can declare again what an earlier cell declared", async () => {
    await run("const liveAgain = 1;");
    await run("const liveAgain = 2;");
    expect(await run("liveAgain")).toBe(2);
  });

  it("keep their lines, are strict, and give no value but that of a last expression", async () => {
    expect(await run("const liveNone = 1;")).toBeUndefined();
    await expect(run("liveUndeclared = 1")).rejects.toThrow("liveUndeclared is not defined");
    const lines = cellCode("import {\n  found,\n} from 'm';\nthrow new Error('x')").split("\n");
    expect(lines[3]).toBe("throw new Error('x')");
    expect(() => cellCode("let a: = 1")).toThrow(SyntaxError);
    expect(() => cellCode("export const a = 1")).toThrow("a cell exports nothing");
  });

  it("show Markdown as the book does, and none of it as HTML but what it means", () => {
    expect(markdownToHtml("a **b** `c < **d**` \\*e\\* sys\\_x<br>f <i>"))
      .toBe("<p>a <strong>b</strong> <code>c &lt; **d**</code> *e* sys_x<br>f &lt;i></p>");
    expect(markdownToHtml("| a | b |\n|:--|--:|\n| 1 \\| 2 | `x` |")).toBe(
      '<table class="docutils"><thead><tr><th>a</th><th>b</th></tr></thead>' +
        "<tbody><tr><td>1 | 2</td><td><code>x</code></td></tr></tbody></table>",
    );
    expect(markdownToHtml('<span style="color:#d5401f">✗</span> <span style="color:url(x)">no</span>')).toBe(
      '<p><span style="color:#d5401f">✗</span> &lt;span style="color:url(x)">no&lt;/span></p>',
    );
    expect(markdownToHtml("<details><summary>More</summary>\n\na\n\n</details>\n\n<details open>")).toBe(
      "<details><summary>More</summary>\n<p>a</p>\n</details>\n<p>&lt;details open></p>",
    );
    expect(markdownToHtml("one\n\n```text\n| a <\n\n**b**\n```\n\n- two\n- three"))
      .toBe("<p>one</p>\n<pre>| a &lt;\n\n**b**</pre>\n<ul><li>two</li><li>three</li></ul>");
  });
});
