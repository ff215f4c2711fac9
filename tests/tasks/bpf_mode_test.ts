/** The colours of cells: where C begins and ends in TypeScript. */
import { StringStream } from "@codemirror/language";
import { describe, expect, it } from "vitest";
import { typescriptWithBpf as mode } from "../../lib/tasks/book/live/bpf_mode.ts";

/** The words of a cell with their styles, those without one left out. */
function styles(text: string): string[] {
  let state = mode.startState!(2);
  return text.split("\n").flatMap((line) => {
    const stream = new StringStream(line, 8, 2), found: string[] = [];
    while (!stream.eol()) {
      stream.start = stream.pos;
      const style = mode.token!(stream, state);
      if (style) found.push(`${stream.current()}:${style}`);
      state = mode.copyState!(state); // as the editor does, which goes on from copies
    }
    return found;
  });
}

/** Written so that `deno task objects` finds no listing here. */
const listing = (text: string): string => `bpf\x60${text}\x60`;

describe("colours of cells", () => {
  it("show C between the backticks of bpf, and TypeScript around it", () => {
    const found = styles(`const a = await ${listing("\nvolatile int x; // it's C\n")};\nconst b = \`int y\`;`);
    expect(found).toContain("volatile:keyword");
    expect(found).toContain("int:type");
    expect(found).toContain("// it's C:comment");
    expect(found).toContain("b:def");
    expect(found).not.toContain("y:variable");
    expect(found.some((one) => /int y.*:string/.test(one))).toBe(true);
  });

  it("end a listing at its backtick, in a comment of C too, and go on in holes with TypeScript", () => {
    const found = styles(
      'bpf\x60int a; // open` + 1;\nbpf.with({ cpu: "v4" })`int ${names.map((n) => ({ n })).length} b;`;\nlet z;',
    );
    expect(found).toContain("1:number");
    expect(found).toContain("// open:comment");
    expect(found.filter((one) => one === "int:type").length).toBe(2);
    expect(found.some((one) => /^names:variable/.test(one))).toBe(true);
    expect(found).toContain("let:keyword");
  });

  it("take no other template for C", () => {
    expect(styles("sql`int a`; `npx bpf\x60; `x bpf\x60 + `int a`; // bpf\x60int`")).not.toContain("int:type");
  });
});
