/** `deno task objects`: compiles every listing that comes with the project. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { compileAnew, listingKey } from "./compile.ts";
import { CompileError } from "./compile_error.ts";
import { findCompiler } from "./compiler.ts";
import { projectFolder, shippedFolders } from "./folders.ts";
import { type ShippedListing, shippedListings } from "./shipped_listings.ts";

/** Says which compiler made the objects of a folder: the test that rebuilds them needs the same one. */
const COMPILER_FILE = "COMPILER";

export const objectFileName = ({ stem, source, options }: ShippedListing): string =>
  `${stem}.${listingKey(source, options)}.o`;

async function rebuild(project: string): Promise<void> {
  const compiler = await findCompiler();
  const wanted = new Map<string, Set<string>>();
  for (const folder of shippedFolders(project)) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, COMPILER_FILE), `${compiler.name}\n`);
    wanted.set(folder, new Set([COMPILER_FILE]));
  }
  for (const listing of shippedListings(project)) {
    const file = objectFileName(listing);
    try {
      await writeFile(join(listing.folder, file), await compileAnew(listing.source, listing.options));
      wanted.get(listing.folder)?.add(file);
    } catch (error) {
      // Some listings are there to show what does not compile.
      if (!(error instanceof CompileError)) throw error;
      process.stderr.write(`${file} left out: ${error.message}\n`);
    }
  }
  for (const [folder, files] of wanted) {
    for (const file of await readdir(folder)) if (!files.has(file)) await rm(join(folder, file));
    process.stderr.write(`${folder}: ${files.size - 1} objects\n`);
  }
}

if (import.meta.main) {
  if (!projectFolder) throw new Error("this is not a checkout of the project");
  await rebuild(projectFolder);
}
