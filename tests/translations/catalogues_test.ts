/** The Chinese catalogues: complete where they say so, true to the English texts, with the agreed terms. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";
import { inLanguage } from "../../lib/host/language.ts";
import { missingCharacters } from "../../lib/plot/fonts.ts";
import { chineseLetters } from "../../lib/tasks/chinese_fonts.ts";
import { catalogueJson, catalogueOf, translations } from "../../lib/tasks/messages/catalogue.ts";
import { catalogueText, type Entry, parseCatalogue, readCatalogue } from "../../lib/tasks/messages/catalogue_file.ts";
import { chineseReadme } from "../../lib/tasks/messages/chinese_readme.ts";
import { chineseNotebook } from "../../lib/tasks/messages/chinese_notebooks.ts";
import { cataloguePath, isMarkdown } from "../../lib/tasks/messages/main.ts";
import { likeness, mergeCatalogue } from "../../lib/tasks/messages/merge.ts";
import { completeCatalogues, missing, readTerms, translationProblems } from "../../lib/tasks/messages/problems.ts";
import { allMessages, CATALOGUES, LIBRARY_CATALOGUE, LIBRARY_CATALOGUES } from "../../lib/tasks/messages/sources.ts";

const project = projectFolder!;
const messages = allMessages(project), terms = readTerms(project), complete = completeCatalogues(project);
const isComplete = (name: string) => complete.includes("all") || complete.includes(name);

const entry = (id: string, translation: string, more: Partial<Entry> = {}): Entry => ({
  ...{ id, translation, fuzzy: false, references: ["notebooks/x.ipynb:text-1"], notes: [], remarks: "" },
  ...more,
});

describe("each catalogue", () => {
  for (const [name, sources] of messages) {
    const entries = readCatalogue(cataloguePath(project, name));

    it(`${name} holds no translation that lost something`, () => {
      const problems = entries.filter(({ fuzzy }) => !fuzzy).flatMap((one) =>
        translationProblems(one, terms, isMarkdown(one)).map((problem) => `${one.references[0]}: ${problem}: ${one.id}`)
      );
      expect(problems).toEqual([]);
    });

    if (isComplete(name)) {
      it(`${name} has every text, translated from the English of today: else deno task messages, and translate`, () => {
        const merged = mergeCatalogue(sources, entries);
        expect(merged.flatMap((one) => missing(one) ? [`${one.references[0]}: ${missing(one)}: ${one.id}`] : []))
          .toEqual([]);
      });
    } else it.skip(`skipped: ${name} is not translated yet (locale/zh_CN/complete.json)`, () => {});
  }

  it("belongs to a source", () => {
    const files = readdirSync(join(project, CATALOGUES)).filter((name) => name.endsWith(".po"));
    expect(files.sort()).toEqual([...messages.keys()].map((name) => `${name}.po`).sort());
  });

  it("is in what the library reads: else deno task messages", () => {
    const entries = LIBRARY_CATALOGUES.flatMap((name) => readCatalogue(cataloguePath(project, name)));
    expect(readFileSync(join(project, LIBRARY_CATALOGUE), "utf8")).toBe(catalogueJson(entries));
  });

  it("makes README.zh.md: else deno task messages", () => {
    const known = translations(readCatalogue(cataloguePath(project, "readme")));
    expect(readFileSync(join(project, "README.zh.md"), "utf8")).toBe(chineseReadme(project, (id) => known.get(id)));
  });

  it("has no letter that figures could not be drawn with: else deno task chinese-fonts", () => {
    expect(inLanguage("zh", () => missingCharacters(chineseLetters(project)))).toEqual([]);
  });
});

describe("a changed English sentence", () => {
  const old = [
    entry("Two CPUs add one to the same counter.", "两个 CPU 给同一个计数器加一。"),
    entry("Gone.", "没了。"),
  ];
  const message = (id: string) => ({ id, references: ["notebooks/x.ipynb:text-1"], notes: [] });

  it("makes its translation fuzzy, which counts as none", () => {
    const [merged] = mergeCatalogue([message("Four CPUs add one to the same counter.")], old);
    expect(merged).toMatchObject({ fuzzy: true, translation: old[0].translation, previous: old[0].id });
    expect(missing(merged)).toMatch(/changed/);
    expect(catalogueOf([merged])).toEqual({});
  });

  it("is a new one when it says something else, and the old one is dropped", () => {
    const merged = mergeCatalogue([message("A lock keeps others out.")], old);
    expect(merged.map(({ id, translation }) => [id, translation])).toEqual([["A lock keeps others out.", ""]]);
  });

  it("is not found in a book that is as it was", () => {
    expect(mergeCatalogue([message(old[0].id)], old)).toEqual([old[0]]);
    expect(likeness("a b c", "a b c")).toBe(1);
    expect(likeness("a b", "c d")).toBe(0);
  });

  it("outlives being written and read", () => {
    const entries = mergeCatalogue([message('Four CPUs add "one"\nto the same counter.')], [
      entry('Two CPUs add "one"\nto the same counter.', "两个 CPU\n加“一”。"),
    ]);
    expect(parseCatalogue(catalogueText(entries), "x.po")).toEqual(entries);
    expect(() => parseCatalogue('msgid "a"\nmsgstr "b', "x.po")).toThrow(/^x\.po: /);
  });
});

describe("a translation", () => {
  const problems = (id: string, translation: string, markdown = true) =>
    translationProblems(entry(id, translation), terms, markdown);

  it("is held to code, values, links and marks", () => {
    expect(problems("Run `a` **now**, see [b](b.ipynb).", "**现在**运行 `a`，见 [b](b.ipynb)。")).toEqual([]);
    expect(problems("Run `a`.", "运行 a。")).toEqual(["lacks `a`"]);
    expect(problems("{n} of {all}", "共 {all} 个", false)).toEqual(["lacks {n}"]);
    expect(problems("See [b](b.ipynb).", "见 [b](c.ipynb)。").join()).toMatch(/lacks \]\(b.ipynb\).*has \]\(c.ipynb\)/);
    expect(problems("**One.** Two", "**一。**二")).toEqual(["lacks **bold**"]);
    expect(problems("{}: {}", "{}：", false)).toEqual(["lacks {}"]);
    expect(problems("  in {prog}", "在 {prog} 中", false)).toEqual(["begins or ends with other spaces"]);
  });

  it("is held to the terms, the longest ones first, outside of code", () => {
    expect(problems("The spin lock waits.", "自旋锁在等待。")).toEqual([]);
    expect(problems("Spin locks wait.", "旋转锁在等待。")).toEqual(['"spin lock" is 自旋锁']);
    expect(problems("A per-CPU map", "每CPU映射")).toEqual([]);
    expect(problems("`spin lock` waits.", "`spin lock` 在等待。")).toEqual([]);
    const prefix = entry("The prefix is lock.", "前缀是 lock。");
    expect(translationProblems(prefix, terms, false)).toEqual(['"lock" is 锁']);
    expect(translationProblems({ ...prefix, remarks: "not a term: lock, kernel" }, terms, false)).toEqual([]);
  });

  it("is held to Chinese punctuation", () => {
    expect(problems("One, two.", "一,二。")).toEqual(['"一,": full-width punctuation behind Chinese']);
    expect(problems("Line 3: `a, b`", "第 3 行：`a, b`")).toEqual([]);
  });
});

describe("a Chinese notebook", () => {
  it("has the code of the English one, its translations, and no outputs", () => {
    const notebook = chineseNotebook({
      ...{ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec: { name: "deno", display_name: "Deno" } } },
      cells: [
        { cell_type: "markdown", id: "a", metadata: {}, source: "# Race\n\nOther." },
        { cell_type: "code", id: "b", metadata: {}, source: "f(1);", outputs: [], execution_count: 3 },
      ],
    }, (id) => id === "Race" ? "竞争" : undefined);
    expect(notebook.cells.map(({ source }) => source)).toEqual(["# 竞争\n\nOther.", "f(1);"]);
    expect(notebook.cells[1]).toMatchObject({ execution_count: null });
    expect(notebook.metadata.kernelspec).toMatchObject({ name: "deno-zh" });
  });
});
