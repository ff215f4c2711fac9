/** Two sides of one library: files and an operating system, or a page. The page's modules must match and suffice. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";
import * as pagePaths from "../../lib/host/paths.browser.ts";
import { deflate } from "../../lib/host/deflate.browser.ts";
import { sha256Hex } from "../../lib/host/hash.browser.ts";
import { inspect } from "../../lib/host/inspect.browser.ts";

const LIB = join(projectFolder!, "lib");
const modules = (readdirSync(LIB, { recursive: true }) as string[]).filter((path) => path.endsWith(".ts"))
  .map((path) => path.replaceAll("\\", "/"));
const textOf = (path: string) => readFileSync(join(LIB, path), "utf8");

/** Names of what a module leaves behind when types are gone. */
const valuesOf = (text: string): string[] => {
  const declared = [...text.matchAll(/^export (?:async )?(?:const|function\*?|class|let) (\w+)/gm)].map(([, name]) =>
    name
  );
  const listed = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names]) => names.split(","))
    .map((name) => name.trim()).filter((name) => name && !name.startsWith("type "));
  return [...declared, ...listed].sort();
};

const twins = modules.filter((path) => path.endsWith(".browser.ts"));

/** Everything that mod.ts imports where a bundler builds for browsers. */
function pageModules(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string) => {
    const twin = path.replace(/\.ts$/, ".browser.ts"), file = existsSync(join(LIB, twin)) ? twin : path;
    if (found.has(file)) return;
    const text = textOf(file);
    found.set(file, text);
    const values = /^(?:import|export) (?!type )(?:[^;"]*? from )?"([^"]+)"|\bimport\("([^"]+)"\)/gm;
    for (const [, fixed, late] of text.matchAll(values)) {
      const target = fixed ?? late;
      if (target.startsWith(".")) visit(pagePaths.join(dirname(file), target));
    }
  };
  visit("mod.ts");
  visit("host/page.ts");
  return found;
}

describe("the modules of a page", () => {
  it("stand beside those that they replace", () => {
    expect(twins.length).toBeGreaterThan(10);
    expect(twins.filter((path) => !modules.includes(path.replace(".browser.ts", ".ts")))).toEqual([]);
  });

  it("export what the library takes from those that they replace", () => {
    const taken = new Map<string, Set<string>>();
    for (const [file, text] of pageModules()) {
      for (const [, names, path] of text.matchAll(/^(?:import|export) \{([^}]*)\} from "(\.[^"]+)"/gm)) {
        const target = pagePaths.join(dirname(file), path).replace(/\.ts$/, ".browser.ts");
        if (!twins.includes(target)) continue;
        const values = names.split(",").map((name) => name.trim().split(" as ")[0]).filter((name) =>
          name && !name.startsWith("type ")
        );
        taken.set(target, new Set([...taken.get(target) ?? [], ...values]));
      }
    }
    for (const [twin, names] of taken) {
      const there = valuesOf(textOf(twin));
      expect([twin, [...names].filter((name) => !there.includes(name))]).toEqual([twin, []]);
    }
  });

  it("ask for nothing of an operating system", () => {
    const asking = [...pageModules()].filter(([, text]) => /^(?:import|export) [^;]*?"node:/m.test(text));
    expect(asking.map(([path]) => path)).toEqual([]);
  });
});

describe("the library", () => {
  const published = modules.filter((path) => !path.startsWith("tasks/"));

  it("asks in one place whether it runs in Deno", () => {
    const asking = published.filter((path) => /typeof Deno\b|"Deno" in|globalThis[^;\n]*\.Deno\b/.test(textOf(path)));
    expect(asking.sort()).toEqual(["host/environment.ts", "host/notebook_kernel.ts"]);
  });

  it("reads what lies beside its modules in one place", () => {
    const urls = published.filter((path) =>
      /new URL\((?!"\.{1,2}\/[\w/]+_worker\.ts")[^)]*import\.meta/.test(textOf(path))
    );
    // The command line, which is in no page, reads its version above lib/.
    expect(urls.filter((path) => path !== "cli/version.ts")).toEqual(["host/assets.ts"]);
  });
});

describe("a page's own", () => {
  it("SHA-256 is the computer's", () => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
      const bytes = new Uint8Array(randomBytes(length));
      expect(sha256Hex(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
      expect(sha256Hex("é", bytes, "z")).toBe(createHash("sha256").update("é").update(bytes).update("z").digest("hex"));
    }
  });

  it("compression is undone by zlib", async () => {
    const bytes = new Uint8Array(randomBytes(5000)).map((byte) => byte & 3);
    expect(new Uint8Array(inflateSync(await deflate(bytes)))).toEqual(bytes);
  });

  it("paths are those of POSIX", () => {
    expect(pagePaths.join("a/b", "../c.h")).toBe("a/c.h");
    expect(pagePaths.join("../a", "./b")).toBe("../a/b");
    expect(pagePaths.join("", ".")).toBe(".");
    expect(pagePaths.dirname("a/b.c")).toBe("a");
    expect(pagePaths.dirname("b.c")).toBe(".");
    expect(pagePaths.dirname("/b.c")).toBe("/");
    expect(pagePaths.basename("a/b.c")).toBe(basename("a/b.c"));
    expect(pagePaths.resolve("a", "../b")).toBe("/b");
    expect(pagePaths.resolve("a", "/c/d")).toBe(resolve("/c/d"));
  });

  it("values read as in a terminal", () => {
    const cyclic: Record<string, unknown> = { n: 1n };
    cyclic.self = cyclic;
    expect(inspect([1, -0, "a\n", null, undefined])).toBe('[ 1, -0, "a\\n", null, undefined ]');
    expect(inspect({ a: new Map([["k", [1n]]]), "b-c": new Set() })).toBe(
      '{ a: Map(1) { "k" => [ 1n ] }, "b-c": Set(0) {} }',
    );
    expect(inspect(cyclic)).toBe("{ n: 1n, self: [Circular *1] }");
    expect(inspect(Uint8Array.of(1, 2))).toBe("Uint8Array(2) [ 1, 2 ]");
    expect(inspect({ a: { b: { c: { d: 1 } } } }, { depth: 1 })).toBe("{ a: { b: [Object] } }");
    expect(inspect(Array.from({ length: 40 }, (_, i) => i)).split("\n")).toHaveLength(42);
  });
});
