/** How texts are found in Markdown, in cells and in modules, and put back. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";
import { readNotebook } from "../../lib/jupyter/notebook_file.ts";
import { cellMessages, namesIn, translateCell } from "../../lib/tasks/messages/cell_texts.ts";
import { codeMessages } from "../../lib/tasks/messages/code_texts.ts";
import { markdownMessages, marksOf, translateMarkdown } from "../../lib/tasks/messages/markdown_texts.ts";
import { chapterNames } from "../../lib/tasks/messages/sources.ts";

const project = projectFolder!;
const idsOf = (messages: readonly { readonly id: string }[]) => messages.map(({ id }) => id);
const marked = (text: string) => `【${text}】`;

/** Every Markdown text of the book, and README. */
const pages = [
  ["README.md", readFileSync(join(project, "README.md"), "utf8")],
  ...chapterNames(project).flatMap((name) =>
    readNotebook(join(project, "notebooks", `${name}.ipynb`)).cells.map(({ id, source, cell_type: type }) =>
      [`${name} ${id}`, source, type] as const
    ).filter(([, , type]) => type !== "code")
  ),
] as const;
const cells = chapterNames(project).flatMap((name) =>
  readNotebook(join(project, "notebooks", `${name}.ipynb`)).cells
    .flatMap(({ id, source, cell_type: type }) => type === "code" ? [[`${name} ${id}`, source] as const] : [])
);

describe("Markdown", () => {
  it("is a message for each paragraph, heading, item and cell", () => {
    const source =
      "# One `x`\n\nTwo\nthree.\n\n- four\n- [five](a.md)\n\n| six | `seven` |\n|:--|--:|\n| 8 | nine |\n\n```c\nten\n```\n";
    expect(idsOf(markdownMessages(source, ""))).toEqual([
      "One `x`",
      "Two three.",
      "four",
      "[five](a.md)",
      "six",
      "nine",
    ]);
    expect(translateMarkdown(source, marked)).toBe(
      "# 【One `x`】\n\n【Two three.】\n\n- 【four】\n- 【[five](a.md)】\n\n| 【six】 | `seven` |\n|:--|--:|\n| 8 | 【nine】 |\n\n```c\nten\n```\n",
    );
  });

  it("of the whole book comes back the same when every text is its own translation", () => {
    for (const [name, source] of pages) {
      const same = translateMarkdown(source, (id) => id);
      expect([name, idsOf(markdownMessages(same, ""))]).toEqual([name, idsOf(markdownMessages(source, ""))]);
    }
  });

  it("stays byte for byte where nothing is translated, but for the width of tables", () => {
    const withoutTables = (text: string) => text.replace(/^\|.*$/gm, "");
    for (const [, source] of pages) {
      expect(withoutTables(translateMarkdown(source, () => undefined))).toBe(withoutTables(source));
    }
  });

  it("shows a bold word that Chinese letters keep from closing", () => {
    expect(marksOf("**论断 0.1**：一个程序 `x`")).toEqual(["**bold**", "`x`"]);
    expect(marksOf("**论断 0.1。**一个程序")).toEqual([]);
  });
});

describe("a cell", () => {
  const cell = 'const listing = await bpf`int a; /* one two three four */`;\nif (x === "one two three four") y();\n' +
    'await show(claim("1.1", { agrees: true, found: `ends at ${values.map((v) => `${v} and so on`).join()}: ` + `bad \\`x\\`` }));';

  it("has the sentences that it shows, pieces joined, not its listings, names and comparisons", () => {
    expect(idsOf(cellMessages(cell, ""))).toEqual(["ends at {values}: bad `x`", "{v} and so on"]);
  });

  it("keeps its code around translations", () => {
    const translated = translateCell(cell, (id) => id === "{v} and so on" ? "{v} 等" : "坏 `x`：以 {values} 结束\n");
    expect(translated).toBe(
      cell.replace(/`ends at[^]*bad \\`x\\``/, "`坏 \\`x\\`：以 ${values.map((v) => `${v} 等`).join()} 结束\\n`"),
    );
  });

  it("keeps what the chapter's code knows something by", () => {
    const keys = 'const readers = { "walk, key by key": 1 };', use = 'read("walk, key by key", "it walks key by key");';
    expect(idsOf(cellMessages(use, "", namesIn([keys, use])))).toEqual(["it walks key by key"]);
    expect(translateCell(use, () => "逐键", namesIn([keys, use]))).toBe('read("walk, key by key", `逐键`);');
  });

  it("has the words between the parts of a sentence, and both sides of a choice in it", () => {
    const cell = 'await show(`ends at ${ends.join(" or ")}: ${ok ? "fine" : `bad ${n}`}`, ok ? "left" : "alone");';
    expect(idsOf(cellMessages(cell, ""))).toEqual(["ends at {ends}: {ok}", " or ", "fine", "bad {n}"]);
    expect(idsOf(cellMessages('show(a.join(", ") + (b === "fine" ? "fine" : c));', "", namesIn(['b === "fine"']))))
      .toEqual([]);
  });

  it("of the whole book is valid when all its texts are translated", () => {
    for (const [name, source] of cells) {
      const ids = idsOf(cellMessages(source, ""));
      expect([name, idsOf(cellMessages(translateCell(source, (id) => `中文 ${id}`), ""))])
        .toEqual([name, ids.map((id) => `中文 ${id}`)]);
      expect(translateCell(source, () => undefined)).toBe(source);
    }
  });
});

describe("a module", () => {
  it("has the texts that are wrapped or tagged, with names for values", () => {
    const source = 'import { t, translated } from "./translation.ts";\n' +
      'const a = translated({ x: "one", y: ["two", { id: "no" }], f: (n: number) => `${n} no` } as const, ["x", "y"]);\n' +
      'const b = (run: Run) => t`${run.lost.toFixed(1)} of ${count(run.all)} and ${run.lost}`, c = "no";';
    expect(idsOf(codeMessages(source, ""))).toEqual(["one", "two", "{lost} of {all} and {lost2}"]);
    const list = 'import { translated } from "./translation.ts";\nconst WAY = { text: "three" }, NO = "no";\n' +
      'export const all = translated([{ title: "one", is: "no" }, made({ title: "two", of: NO }), WAY], ["title", "text"]);';
    expect(idsOf(codeMessages(list, ""))).toEqual(["one", "two", "three"]);
  });
});
