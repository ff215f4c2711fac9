/** What is kept may be damaged, or not be kept at all: a listing compiles all the same. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cachedObject, keepObject } from "../../lib/compile/object_cache.ts";
import { fileProblem } from "../../lib/host/file_problem.ts";

describe("kept objects", () => {
  const before = process.env.INTERLEAVE_CACHE, cache = mkdtempSync(join(tmpdir(), "interleave-cache-"));
  const objects = join(cache, "objects"), bytes = new Uint8Array([1, 2, 3, 4]);
  beforeAll(() => process.env.INTERLEAVE_CACHE = cache);
  afterAll(() => {
    if (before === undefined) delete process.env.INTERLEAVE_CACHE;
    else process.env.INTERLEAVE_CACHE = before;
    rmSync(cache, { recursive: true });
  });

  it("come back by key and compiler, whole or not at all", async () => {
    await keepObject("key", "clang 14.0.6", bytes);
    expect(await cachedObject("key", "clang 14.0.6")).toEqual(bytes);
    expect(await cachedObject("key")).toEqual(bytes);
    expect(await cachedObject("key", "clang 14.0")).toBeUndefined();
    expect(await cachedObject("other")).toBeUndefined();
    const [file] = readdirSync(objects).map((name) => join(objects, name));
    for (
      const damage of [() => truncateSync(file, 3), () => writeFileSync(file, "xxxx"), () => truncateSync(file, 0)]
    ) {
      damage();
      expect(await cachedObject("key", "clang 14.0.6")).toBeUndefined();
    }
    await keepObject("key", "clang 14.0.6", bytes);
    expect(await cachedObject("key", "clang 14.0.6")).toEqual(bytes);
  });

  it("that cannot be kept are said once, and no error", async () => {
    const warn = console.warn, said: string[] = [];
    console.warn = (text: string) => said.push(text);
    try {
      rmSync(objects, { recursive: true });
      writeFileSync(objects, "a file where a folder is needed");
      await keepObject("key", "clang", bytes).catch((error) => expect(fileProblem(error)).toBeUndefined());
      rmSync(objects);
      mkdirSync(objects);
      chmodSync(objects, 0o500);
      if (process.getuid?.() !== 0) {
        await keepObject("key", "clang", bytes);
        await keepObject("key", "clang", bytes);
        expect(said).toHaveLength(1);
        expect(said[0]).toMatch(/this user may not/);
      }
    } finally {
      console.warn = warn;
      chmodSync(objects, 0o700);
    }
  });
});
