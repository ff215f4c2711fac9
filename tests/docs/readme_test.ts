/** What the README lists is what there is. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HELPERS } from "../../lib/bpf_helpers/helper_table.ts";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { projectFolder } from "../../lib/compile/folders.ts";
import { helperName } from "../../lib/uapi/helpers.ts";
import { MAP_MODELS } from "../../lib/maps/create.ts";

const read = (file: string): string => readFileSync(join(projectFolder!, file), "utf8");
const readme = read("README.md");
const section = (title: string): string => readme.split(`## ${title}\n`)[1].split("\n## ")[0];
/** The first word of each row of a section's table: `` `simulate FILE` `` gives simulate. */
const rows = (title: string): string[] =>
  [...section(title).matchAll(/^\| `([\w-]+)/gm)].map(([, word]) => word).sort();
const foldersOf = (folder: string): string[] =>
  readdirSync(join(projectFolder!, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    .map((entry) => entry.name).sort();

describe("the README", () => {
  it("lists every command", () => expect(rows("Command line")).toEqual(COMMANDS.map(({ name }) => name).sort()));

  it("lists every task", () => expect(rows("Tasks")).toEqual(Object.keys(JSON.parse(read("deno.json")).tasks).sort()));

  it("maps every room of lib/", () => {
    const named = [...section("What is where").matchAll(/^ {2}([\w]+)\/[, ]/gm)].map(([, name]) => name);
    expect(foldersOf("lib").filter((name) => !named.includes(name))).toEqual([]);
  });

  it("names every file that its map and its links name", () => {
    const map = section("What is where");
    const places = [...map.matchAll(/^([\w./]+)(?:, ([\w./]+))? {2,}/gm)].flatMap(([, a, b]) => b ? [a, b] : [a]);
    const rooms = [...map.split(/^lib\/.*\n/m)[1].split(/^tests\//m)[0].matchAll(/^ {2}([\w./]+)(?:, ([\w./]+))? /gm)]
      .flatMap(([, a, b]) => b ? [`lib/${a}`, `lib/${b}`] : [`lib/${a}`]);
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path);
    expect([...places, ...rooms, ...links].filter((path) => !existsSync(join(projectFolder!, path)))).toEqual([]);
    expect(rooms.length).toBeGreaterThan(15);
  });

  it("lists every helper and map type that is modelled, and no other", () => {
    const helpers = HELPERS.flatMap((model, id) => model ? [helperName(id)!] : []).sort();
    const text = section("What is not supported").replaceAll("\n", " ");
    const [, named] = /\*\*Helpers\*\*(.*?)\. For +another/.exec(text)!;
    expect([...named.matchAll(/`(bpf_\w+)`/g)].map(([, name]) => name).sort()).toEqual(helpers);
    const [, types] = /\*\*Maps\*\* other than (.*?):/.exec(text)!;
    expect([...types.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual(Object.keys(MAP_MODELS).sort());
  });
});
