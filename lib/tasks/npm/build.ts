/**
 * `deno task npm`: the npm package of plain JavaScript and types, for Node 20 and newer, under `artifacts/npm`, and its
 * tarball beside it.
 *
 * TypeScript's own compiler takes the types away and rewrites the endings of imports; data files are copied to where the
 * modules look for them. npx keeps the compiler outside of the project: readers of the book do not need it.
 */
import type { Command } from "commander";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { projectFolder, shippedFolders } from "../../compile/folders.ts";
import { type CommandOptions, runCommand } from "../../host/run_command.ts";
import { type Commander, runTask } from "../task.ts";
import { assetBundle, assetModule } from "./asset_bundle.ts";
import { packageJson, type ProjectConfig } from "./package_json.ts";

const TYPESCRIPT = "typescript@5.9.3";

/** A module that another one names by URL, a worker for one: no import leads there. */
const MODULE_URL = /new URL\("(\.{1,2}\/[\w/]+)\.ts", import\.meta\.url\)/g;

/** Ending of the modules that stand in for others in browsers. */
const BROWSER = ".browser.ts";

/** In a page the data come first: modules may read them as soon as they run. */
const BROWSER_ENTRY = `import { bundle } from "./asset_bundle.js";
import { provideAssets } from "./host/page.js";
provideAssets(bundle);
export * from "./mod.js";
`;

/** The package cannot be built; the message says what failed. */
export class PackageError extends Error {
  override name = "PackageError";
}

/**
 * Builds the package.
 *
 * @param project folder of a checkout
 * @param folder where the package goes; emptied first
 * @throws PackageError when npm or the compiler fails
 */
export async function buildPackage(project: string, folder: string): Promise<void> {
  const lib = join(project, "lib"), dist = join(folder, "dist");
  await rm(folder, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  // what only `deno task` runs is not published
  const files = (await readdir(lib, { recursive: true })).map(String).filter((name) => !/^tasks[\\/]/.test(name));
  const entries = ["mod.ts", "cli.ts", "host/page.ts", ...files.filter((name) => name.endsWith(BROWSER))];
  await compile(project, folder, [...entries.map((name) => join(lib, name)), ...await urlModules(lib, files)]);
  const modules: string[] = [];
  for (const file of (await readdir(dist, { recursive: true })).map(String)) {
    if (file.endsWith(".js")) modules.push(await finishModule(join(dist, file)));
    else if (file.endsWith(".d.ts")) modules.push(await readFile(join(dist, file), "utf8"));
  }
  for (const file of files.filter((name) => /\.(jsonl?|h|br|c|ttf|txt)$/.test(name))) {
    await cp(join(lib, file), join(dist, file));
  }
  await cp(shippedFolders(project)[0], join(dist, "compile", "objects"), { recursive: true });
  await writeFile(join(dist, "asset_bundle.js"), assetModule(assetBundle(project)));
  await writeFile(join(dist, "browser.js"), BROWSER_ENTRY);
  for (const file of ["LICENSE", "CHANGELOG.md"]) await cp(join(project, file), join(folder, file));
  const config = JSON.parse(await readFile(join(project, "deno.json"), "utf8"));
  await writeFile(join(folder, "README.md"), await readme(config));
  const twins = files.filter((name) => name.endsWith(BROWSER)).map((name) => name.replaceAll("\\", "/")).sort()
    .map((name) => name.slice(0, -BROWSER.length));
  await writeFile(join(folder, "package.json"), JSON.stringify(packageJson(config, modules, twins), null, 2) + "\n");
}

/** The package's own README; with links where deno.json says where the project is. */
async function readme({ repository }: ProjectConfig): Promise<string> {
  const text = await readFile(new URL("./README.md", import.meta.url), "utf8");
  return repository ? `${text}\nSource and notebooks: <${repository}>. Bugs: <${repository}/issues>.\n` : text;
}

/** Packs a built package; gives the tarball's path. */
export async function packPackage(folder: string, destination: string): Promise<string> {
  const packed = await run("npm", ["pack", "--json", "--pack-destination", destination], { cwd: folder });
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  return join(destination, filename);
}

async function compile(project: string, folder: string, files: readonly string[]): Promise<void> {
  const config = join(folder, "tsconfig.json");
  const compilerOptions = {
    ...{ target: "es2022", module: "esnext", moduleResolution: "bundler", lib: ["esnext", "dom", "dom.iterable"] },
    ...{ declaration: true, rewriteRelativeImportExtensions: true, skipLibCheck: true, types: [] },
    // Types are checked by `deno check`, which knows Deno's.
    noCheck: true,
    ...{ rootDir: join(project, "lib"), outDir: join(folder, "dist") },
  };
  await writeFile(config, JSON.stringify({ compilerOptions, files }));
  await run("npx", ["-y", "-p", TYPESCRIPT, "tsc", "-p", config], { cwd: project });
  await rm(config);
}

async function urlModules(lib: string, files: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const file of files.filter((name) => name.endsWith(".ts"))) {
    const path = join(lib, file), text = await readFile(path, "utf8");
    for (const [, module] of text.matchAll(MODULE_URL)) found.push(join(dirname(path), `${module}.ts`));
  }
  return found;
}

/** What the compiler leaves to be done in a module; gives its text. */
async function finishModule(path: string): Promise<string> {
  const text = (await readFile(path, "utf8")).replaceAll(MODULE_URL, 'new URL("$1.js", import.meta.url)');
  await writeFile(path, path.endsWith("cli.js") ? `#!/usr/bin/env node\n${text}` : text);
  return text;
}

async function run(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const result = await runCommand(command, args, { ...options, shell: process.platform === "win32" });
  if (!result) throw new PackageError(`there is no ${command}: install Node 20 or newer`);
  if (result.status === 0) return result.stdout;
  throw new PackageError(`${command} ${args.join(" ")} failed:\n${result.stdout}${result.stderr}`);
}

export const command = ({ Command }: Commander): Command =>
  new Command("deno task npm")
    .description("Builds the npm package of plain JavaScript and types under artifacts/npm, and its tarball beside it.")
    .action(async () => {
      if (!projectFolder) throw new PackageError("this is not a checkout of the project");
      const artifacts = join(projectFolder, "artifacts"), folder = join(artifacts, "npm");
      await buildPackage(projectFolder, folder);
      console.log(relative(process.cwd(), await packPackage(folder, artifacts)));
    });

if (import.meta.main) await runTask(command);
