/** Finds a C compiler that writes BPF: clang where it can, else clang as WebAssembly out of npm, with our back end. */
import process from "node:process";
import { runCommand } from "../host/run_command.ts";
import { CompilerMissingError } from "./compiler_missing.ts";
import { fetchedWasmClang, fetchWasmClang } from "./wasm_package.ts";
import { fetchedZig, fetchZig } from "./zig_package.ts";

export { CompilerMissingError };

/** How to start a compiler; it takes clang's options from there on. */
export interface Compiler {
  /** For messages and cache keys, e.g. `clang 14.0.6`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `command` is a module of WebAssembly, which knows no BPF: see wasm_compile.ts. */
  readonly isWebAssembly?: true;
}

const NEWEST_CLANG = 23, OLDEST_CLANG = 13;
/** Distributions name it by version, Homebrew keeps it out of the PATH because Apple's own has no BPF target. */
const CANDIDATES = [
  "clang",
  ...Array.from({ length: NEWEST_CLANG - OLDEST_CLANG + 1 }, (_, i) => `clang-${NEWEST_CLANG - i}`),
  "/opt/homebrew/opt/llvm/bin/clang",
  "/usr/local/opt/llvm/bin/clang",
];
const PROBE_MS = 20_000;

let found: Promise<Compiler> | undefined;

/**
 * The compiler to use; asked once per process. `INTERLEAVE_CLANG` names one to use instead; `wasm` and `zig`
 * mean those of npm.
 *
 * @throws CompilerMissingError when there is no clang and none could be fetched; the message says how to install one
 */
export function findCompiler(): Promise<Compiler> {
  found ??= search();
  found.catch(() => found = undefined);
  return found;
}

/** The compiler that is already there, for whoever must not start a download; `undefined` when there is none. */
export async function installedCompiler(): Promise<Compiler | undefined> {
  const wish = process.env.INTERLEAVE_CLANG;
  if (wish === "zig") return await fetchedZig();
  if (wish === "wasm") return await fetchedWasmClang();
  const candidates = wish ? [wish] : CANDIDATES;
  for (const candidate of candidates) {
    const compiler = await probeClang(candidate);
    if (compiler) return compiler;
  }
  return wish ? undefined : await fetchedZig() ?? await fetchedWasmClang();
}

async function search(): Promise<Compiler> {
  const installed = await installedCompiler();
  if (installed) return installed;
  const wish = process.env.INTERLEAVE_CLANG;
  if (wish === "zig") return await fetchZig();
  if (wish && wish !== "wasm") {
    throw new CompilerMissingError(`INTERLEAVE_CLANG is ${wish}, which is not a clang with a BPF target`);
  }
  return await fetchWasmClang();
}

/** Asks a clang for its version and whether it knows BPF. */
async function probeClang(command: string): Promise<Compiler | undefined> {
  const version = await runCommand(command, ["--version"], { timeoutMs: PROBE_MS });
  const number = /clang version (\d+\.\d+\.\d+)/.exec(version?.stdout ?? "");
  if (!number || Number.parseInt(number[1]) < OLDEST_CLANG) return undefined;
  const targets = await runCommand(command, ["--print-targets"], { timeoutMs: PROBE_MS });
  if (!/^\s*bpfel\b/m.test(targets?.stdout ?? "")) return undefined;
  return { name: `clang ${number[1]}`, command, args: ["-target", "bpfel"], env: {} };
}
