import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { compileAnew } from "../../lib/compile/compile.ts";
import { installedCompiler } from "../../lib/compile/compiler.ts";
import { projectFolder, shippedFolders } from "../../lib/compile/folders.ts";
import { INDEX_FILE, objectFileName, type ObjectsIndex } from "../../lib/tasks/rebuild_objects.ts";
import { shippedListings } from "../../lib/tasks/shipped_listings.ts";

const [book] = shippedFolders(projectFolder!);
const listings = shippedListings(projectFolder!);
const indexOf = (folder: string): ObjectsIndex => JSON.parse(readFileSync(join(folder, INDEX_FILE), "utf8"));
const madeBy = indexOf(book).compiler;
const installed = await installedCompiler();

describe("the objects that come with the project", () => {
  for (const folder of shippedFolders(projectFolder!)) {
    it(`are there for every listing, else deno task objects makes them: ${relative(projectFolder!, folder)}`, () => {
      const { refused } = indexOf(folder);
      const files = listings.filter((one) => one.folder === folder).map(objectFileName);
      expect(files.filter((file) => !existsSync(join(folder, file)) && !refused.includes(file))).toEqual([]);
    });
  }

  const rebuild = async () => {
    for (const listing of listings.filter((one) => one.folder === book)) {
      const file = objectFileName(listing), path = join(book, file);
      if (!existsSync(path)) continue;
      const bytes = await compileAnew(listing.source, listing.options);
      expect([file, bytes]).toEqual([file, new Uint8Array(readFileSync(path))]);
    }
  };
  const name = `are what ${madeBy} makes of their listings`;
  if (installed?.name === madeBy) it(name, rebuild);
  else it.skip(`${name} (skipped: the compiler here is ${installed?.name ?? "none"})`, rebuild);
});
