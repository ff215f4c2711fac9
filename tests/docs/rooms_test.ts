/** The rooms of lib/ stand one above the other: what is imported as a value comes from below, and never in a circle. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";

const LIB = join(projectFolder!, "lib");

/** The rooms in README's order, from the ground up. */
const rooms = (() => {
  const map = readFileSync(join(projectFolder!, "README.md"), "utf8").split("## What is where\n")[1];
  const list = map.split(/^lib\/.*\n/m)[1].split(/^tests\//m)[0];
  return [...list.matchAll(/^ {2}([\w.]+)\/?(?:, ([\w.]+))? /gm)].flatMap(([, a, b]) => b ? [a, b] : [a]);
})();

/** The verifier's folders, likewise. */
const VERIFIER = ["domain", "kernel", "state", "flow", "memory", "calls"];

const files = (readdirSync(LIB, { recursive: true }) as string[]).filter((path) => path.endsWith(".ts"));

/** Imports and exports `from "./x.ts"` that leave something behind when types are gone. */
function valueImports(source: string): string[] {
  const found: string[] = [];
  for (const [, type, names, path] of source.matchAll(/^(?:import|export) (type )?([^;"]*?)(?:from )?"(\.[^"]+)"/gm)) {
    const inBraces = /^\{([^}]*)\}/.exec(names)?.[1].split(",").map((name) => name.trim()).filter(Boolean);
    if (type || (inBraces?.length && inBraces.every((name) => name.startsWith("type ")))) continue;
    found.push(path);
  }
  return found;
}

/** For each file, by its path below lib/, those it imports values from. */
const imports = new Map(
  files.map((file) => [
    file,
    valueImports(readFileSync(join(LIB, file), "utf8")).map((path) => relative(LIB, join(LIB, dirname(file), path))),
  ]),
);

const roomOf = (path: string): string => path.split("/")[0];

/** Imports that climb: from a file to one whose place in `order` is higher. */
function upward(order: readonly string[], place: (path: string) => string | undefined): string[] {
  return [...imports].flatMap(([file, targets]) =>
    targets
      .filter((target) => {
        const from = place(file), to = place(target);
        return from !== undefined && to !== undefined && order.indexOf(to) > order.indexOf(from);
      })
      .map((target) => `${file} imports ${target}`)
  );
}

/** The files on one circle of imports, or none. */
function circle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>(), path: string[] = [];
  const visit = (file: string): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const target of graph.get(file) ?? []) {
      const found = visit(target);
      if (found.length) return found;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const found = visit(file);
    if (found.length) return found;
  }
  return [];
}

describe("the rooms of lib/", () => {
  it("are all on README's map, once", () => {
    const there = [...new Set(files.map(roomOf))].sort();
    expect([...rooms].sort()).toEqual(there);
  });

  it("import values only from rooms below", () => expect(upward(rooms, roomOf)).toEqual([]));

  it("hold no circle of files that import one another", () => expect(circle(imports)).toEqual([]));

  it("have the verifier's folders in their order, its entrance above them", () => {
    const folder = (path: string) => /^verifier\/(\w+)\//.exec(path)?.[1];
    expect(new Set(files.flatMap((file) => folder(file) ?? []))).toEqual(new Set(VERIFIER));
    expect(upward(VERIFIER, folder)).toEqual([]);
    const climbing = [...imports].filter(([file, targets]) =>
      folder(file) && targets.some((target) => roomOf(target) === "verifier" && !folder(target))
    );
    expect(climbing.map(([file]) => file)).toEqual([]);
  });
});

describe("the reader of imports", () => {
  it("tells values from types", () => {
    const source = `import type { A } from "./a.ts";
import { type B, type C } from "./b.ts";
import { d, type E } from "./d.ts";
import {
  f,
} from "../f.ts";
import "./g.ts";
export { type H } from "./h.ts";
export * from "./i.ts";
import j from "node:fs";
`;
    expect(valueImports(source)).toEqual(["./d.ts", "../f.ts", "./g.ts", "./i.ts"]);
  });

  it("finds a circle", () => {
    expect(circle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]]))).toEqual(["b", "c", "b"]);
    expect(circle(new Map([["a", ["b", "c"]], ["b", ["c"]], ["c", []]]))).toEqual([]);
  });
});
