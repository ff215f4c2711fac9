/** Errors of the C compiler, told in the listing's own lines. */
import { noInstruction } from "../codegen/no_instruction.ts";

/** One message of the compiler about a place in the listing. */
export interface Diagnostic {
  /** How bad the compiler finds it. */
  readonly severity: "error" | "warning" | "note";
  /** The compiler's words. */
  readonly message: string;
  /** `undefined` for the listing itself, else the header that the message is about. */
  readonly header?: string;
  /** 1-based. */
  readonly line: number;
  /** Counts from 1. */
  readonly column: number;
}

const MAX_SHOWN = 5;

/**
 * A listing that is not valid C, or not valid BPF C; the message shows each place.
 *
 * @example
 * ```ts
 * import { bpf, CompileError } from "interleave";
 * try {
 *   await bpf`int count(void *ctx) { return 0 }`; // no semicolon
 * } catch (error) {
 *   if (!(error instanceof CompileError) || error.diagnostics[0].line !== 1) throw error;
 * }
 * ```
 */
export class CompileError extends Error {
  /** Tells it from other errors. */
  override name = "CompileError";

  /**
   * Its message shows the first places.
   *
   * @param listing what the listing is called
   * @param diagnostics what the compiler said, as {@link parseDiagnostics} gives it
   * @param compiler which compiler said so
   * @param source the listing
   */
  constructor(
    readonly listing: string,
    readonly diagnostics: readonly Diagnostic[],
    readonly compiler: string,
    source: string,
  ) {
    super(describe(listing, diagnostics, compiler, source.split("\n")));
  }
}

/**
 * Reads what clang printed: `file:line:column: error: words`; its own excerpts are left out.
 *
 * @param output standard error of the compiler
 * @param file the file name that the compiler was given for the listing
 */
export function parseDiagnostics(output: string, file: string): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const text of output.split("\n")) {
    const match = /^(.+?):(\d+):(\d+): (?:fatal )?(error|warning|note): (.*)$/.exec(text.trimEnd());
    if (match) {
      const [, path, line, column, severity, message] = match;
      const header = path === file || path === `./${file}` ? undefined : headerName(path);
      found.push({
        severity: severity as Diagnostic["severity"],
        message: withCure(message),
        header,
        line: Number(line),
        column: Number(column),
      });
      continue;
    }
    const general = /^(?:[\w-]+: )?(?:fatal )?error: (.*)$/.exec(text.trimEnd());
    if (general) found.push(withoutPlace(general[1], file));
  }
  // The driver's own closing words say nothing once the real error is known.
  const telling = found.filter((one) => !/frontend command failed|linker command failed/.test(one.message));
  return telling.some((one) => one.severity === "error") ? telling : found;
}

/**
 * An error of the code generator names its place, if it does, in its last words:
 * `error in backend: Cannot select: 0x7f03: ch = AtomicFence 0x7f03:1, ..., race.bpf.c:9:60`.
 */
function withoutPlace(words: string, file: string): Diagnostic {
  const place = new RegExp(`, (?:\\./)?${file.replace(/[.+]/g, "\\$&")}:(\\d+):(\\d+)`).exec(words);
  const node = /Cannot select: \S+: \S+ = (\w+)(?:<\([^)]*?(\w+) \(s(\d+)\))?/.exec(words);
  const message = node ? noInstruction(node[1], node[2], Number(node[3])) : withCure(words);
  return { severity: "error", message, line: Number(place?.[1] ?? 0), column: Number(place?.[2] ?? 0) };
}

/** What to do, after words of clang (BPFMIChecking.cpp, BPFISelLowering.cpp) that name the fault alone. */
const CURES: readonly (readonly [RegExp, string])[] = [
  [/Incorrect flag for llvm\.bpf\.preserve\.type\.info/, "bpf_core_type_matches needs clang 15 or newer"],
  [
    /incomplete (definition of )?type '(struct|union) \w+'|unknown type name '\w+_t'/,
    "types of the kernel come with #include <vmlinux.h>; those that our 6.18 kernel lacks, with your kernel's own: " +
    "`bpftool btf dump file /sys/kernel/btf/vmlinux format c > vmlinux.h`, and its folder as -I (includeDirs)",
  ],
  [/Invalid usage of the XADD return value/, "an atomic whose result is used needs -mcpu=v3"],
  [/unsupported atomic operations?, please use 64 bit version/i, "on 32 bits it needs -mcpu=v3"],
  [/unknown target CPU 'v[34]'/, "this clang is too old for it; INTERLEAVE_CLANG=zig takes a newer one"],
];

function withCure(words: string): string {
  const cure = CURES.find(([fault]) => fault.test(words))?.[1];
  return cure ? `${words}: ${cure}` : words;
}

/** A header's name as a listing would include it, without the folder that it happens to be in. */
const headerName = (path: string): string => /(?:^|\/)include\/(.*)$/.exec(path)?.[1] ?? path.replace(/^.*[/\\]/, "");

function describe(
  listing: string,
  diagnostics: readonly Diagnostic[],
  compiler: string,
  lines: readonly string[],
): string {
  const errors = diagnostics.filter((one) => one.severity === "error");
  const shown = errors.slice(0, MAX_SHOWN).map((one) => excerpt(one, lines));
  if (errors.length > MAX_SHOWN) shown.push(`... and ${errors.length - MAX_SHOWN} more`);
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  return [`${listing} does not compile: ${count} (${compiler})`, ...shown].join("\n\n");
}

function excerpt({ line, column, message, header }: Diagnostic, lines: readonly string[]): string {
  if (line === 0) return `error: ${message}`;
  const place = `${header ? `<${header}> ` : ""}line ${line}, column ${column}: error: ${message}`;
  const text = header ? undefined : lines[line - 1];
  if (text === undefined) return place;
  const number = String(line).padStart(5);
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, " ");
  return `${place}\n${number} | ${text}\n${" ".repeat(number.length)} | ${indent}^`;
}
