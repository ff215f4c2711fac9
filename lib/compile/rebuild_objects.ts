/** `deno task objects`: compiles every listing that comes with the project, so that a first run needs no compiler. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { compileAnew, listingKey } from "./compile.ts";
import { CompileError } from "./compile_error.ts";
import { findCompiler } from "./compiler.ts";
import { projectFolder, shippedObjectsFolder } from "./folders.ts";
import { shippedListings } from "./shipped_listings.ts";

/** Which compiler made the objects: the test that rebuilds them needs the same one. */
export const COMPILER_FILE = "COMPILER";

async function rebuild(): Promise<void> {
  if (!projectFolder || !shippedObjectsFolder) throw new Error("this is not a checkout of the project");
  const compiler = await findCompiler();
  await mkdir(shippedObjectsFolder, { recursive: true });
  const wanted = new Set([COMPILER_FILE]);
  for (const { name, source, options } of shippedListings(join(projectFolder, "notebooks"))) {
    try {
      const bytes = await compileAnew(source, options);
      const stem = name.replace(/\.bpf\.c$/, "").replace(/\W+/g, "_");
      const file = `${stem}.${listingKey(source, options)}.o`;
      wanted.add(file);
      await writeFile(join(shippedObjectsFolder, file), bytes);
      process.stderr.write(`${file}: ${bytes.length} bytes\n`);
    } catch (error) {
      // A notebook may show a listing that does not compile.
      if (!(error instanceof CompileError)) throw error;
      process.stderr.write(`${name}: left out, it does not compile\n`);
    }
  }
  await writeFile(join(shippedObjectsFolder, COMPILER_FILE), `${compiler.name}\n`);
  for (const file of await readdir(shippedObjectsFolder)) {
    if (!wanted.has(file)) await rm(join(shippedObjectsFolder, file));
  }
}

if (import.meta.main) await rebuild();
