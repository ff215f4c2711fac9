/** The verifier: what a kernel, 6.18 if no other is named, would say of a program, and why, at the C line. */
import { isHelperCall } from "../isa/insn.ts";
import { type BpfObject, defaultPrograms, type LineInfo, type Program } from "../object/bpf_object.ts";
import { check } from "./checker.ts";
import type { AccessObserver } from "./state/access_observer.ts";
import { Environment, Rejection, Unsupported } from "./state/environment.ts";
import { ERRNO, errnoName } from "../uapi/errno.ts";
import type { LogPlan } from "./state/log.ts";
import { LogWindow } from "./log_window.ts";
import { explain, type Explanation } from "./explain.ts";
import { BPF_FUNC } from "../uapi/helpers.ts";
import { type CreatedMaps, createMaps } from "./kernel/map_creation.ts";
import { hasHook, hookFunction } from "./kernel/attach_targets.ts";
import { unfollowedFeature } from "./kernel/features.ts";
import { missingFunction } from "./kernel/older_kernels.ts";
import { kernelHook } from "./kernel/hooks.ts";
import { type ProgramKind, programKind } from "./kernel/program_types.ts";
import { UNFOLLOWED } from "../uapi/sections.ts";
import { type VerifierWarning, warningsOf } from "./state/undefined_stack.ts";
import { tracepointArgs } from "./kernel/kernel_objects.ts";
import { BPF_ATTACH_TYPE } from "../uapi/prog_types.ts";
import { type KernelRelease, NEWEST, RELEASES } from "../uapi/releases.ts";

export type { VerifierWarning } from "./state/undefined_stack.ts";
export type { Explanation } from "./explain.ts";

/** What the verifier says of one program. */
export interface Verdict {
  /** Name of the C function. */
  readonly program: string;
  /** The SEC() name. */
  readonly section: string;
  /** `unsupported`: the program needs something that Interleave does not know, so that it cannot tell what the kernel says. */
  readonly verdict: "accept" | "reject" | "unsupported";
  /** What bpf(BPF_PROG_LOAD), or creating a map, fails with; 0 unless refused. */
  readonly errno: number;
  /** Name of that error number; empty unless refused. */
  readonly errname: string;
  /** The kernel's message line when refused, what Interleave does not know when unsupported, else the empty string. */
  readonly message: string;
  /** The instruction that was refused or is not supported, and the C line it comes from. */
  readonly insn?: number;
  /** The C line that the instruction comes from. */
  readonly line?: LineInfo;
  /** C lines of the path that led there, in order, each once per visit. */
  readonly path: readonly LineInfo[];
  /** Instructions that were checked, over all paths. */
  readonly processedInsns: number;
  /** What the kernel accepts although it is open what it does: undefined bytes of the stack that are read. */
  readonly warnings: readonly VerifierWarning[];
  /** The log as the kernel prints it at level 1; of an accepted program only what it counted. */
  readonly log: string;
  /**
   * Of a refused program: gives the log in pieces, as it comes about. Of a long one, the lines between the first 1,000
   * and the last 10,000 are left out, here and in `log`, and one line says how many.
   */
  readonly writeLog?: (write: (text: string) => void) => void;
  /** For a reader: the rule, the lines, the document's sentence, the fix. */
  readonly explanation?: Explanation;
  /** The release whose rules these are. */
  readonly kernel: KernelRelease;
}

/** What to verify. */
export interface VerifyOptions {
  /** Only this C function; default: every program of the object. */
  readonly program?: string;
  /** CPUs that the machine may have: `bpf_get_smp_processor_id()` lies below. Default: as many as any kernel, 8192. */
  readonly cpus?: number;
  /**
   * The release whose rules are followed; default: 6.18. Of older ones the differences are known that recorded verdicts
   * show, in locks, atomics and maps before all; a program that may meet others is `unsupported`.
   */
  readonly kernel?: KernelRelease;
}

/**
 * Verifies the programs of an object, in its order, by the rules of the 6.18 kernel (kernel/bpf/verifier.c), or of an
 * older one.
 *
 * @param object what `bpf` gave
 * @param options which program; default: all of them
 * @returns a verdict for each program, with the kernel's message and the C line where it is refused
 * @throws RangeError when the object has no program of the name that was asked for
 *
 * @example
 * ```ts
 * import { bpf, verify } from "interleave";
 * const pointer = await bpf`int x; SEC("raw_tp") int leak(void *ctx) { return *(int *)(long)x; }`;
 * const [{ verdict, message }] = verify(pointer);
 * if (verdict !== "reject" || !message.includes("invalid mem access 'scalar'")) throw new Error(message);
 * ```
 */
export function verify(object: BpfObject, options: VerifyOptions = {}): Verdict[] {
  const programs = options.program === undefined
    ? defaultPrograms(object)
    : object.programs.filter((program) => program.name === options.program);
  if (programs.length === 0) {
    const names = object.programs.map((program) => program.name).join(", ");
    throw new RangeError(`${object.name} has no program ${options.program}: it has ${names}`);
  }
  const { kernel = NEWEST, cpus } = options;
  if (!RELEASES.includes(kernel)) {
    throw new RangeError(`no rules of kernel ${kernel} are known here: those of ${RELEASES.join(", ")} are`);
  }
  const created = createMaps(object, kernel);
  return programs.map((program) => {
    const feature = unfollowedFeature(program, created, kernel);
    if (feature === undefined) return verifyProgram(object, program, { created, cpus, kernel });
    return { ...unknown(program, `what ${kernel} says of ${feature}`), kernel };
  });
}

/** The most that a kernel is built for. */
const MAX_CPUS = 8192;

/** How one program is verified. */
interface How {
  /** Its object's maps; default: as the newest kernel makes them. */
  readonly created?: CreatedMaps;
  readonly cpus?: number;
  readonly kernel?: KernelRelease;
  /** Told of every access on every path. */
  readonly observer?: AccessObserver;
}

/** Verifies one program of an object. */
export function verifyProgram(object: BpfObject, program: Program, how: How = {}): Verdict {
  const { created = createMaps(object), kernel = NEWEST } = how, kind = programKind(program.section);
  const verdict = refusedUnread(object, program, created, kernel) ??
    verdictOn((tellsUndefined, logPlan) => {
      const env = new Environment(object, program, kind!, created.maps, created.btf, logPlan);
      return walk(Object.assign(env, { cpus: how.cpus ?? MAX_CPUS, kernel, tellsUndefined, observer: how.observer }));
    }, program);
  return Object.assign(verdict, { kernel });
}

/** Why a program is refused before any of its instructions is looked at. */
function refusedUnread(
  object: BpfObject,
  program: Program,
  created: CreatedMaps,
  kernel: KernelRelease,
): Omit<Verdict, "kernel"> | undefined {
  const missing = missingFunction(object, kernel);
  if (missing !== undefined) {
    return refused(program, ERRNO.EINVAL, `extern (func ksym) '${missing}': not found in kernel or module BTFs`);
  }
  if (created.failure) {
    const { map, errno, isInner } = created.failure;
    const how = isInner ? ` inner map: -${errno}` : `: ${errorText(errno)}(-${errno})`;
    return refused(program, errno, `map '${map}': failed to create${how}`);
  }
  const kind = programKind(program.section);
  if (!kind) {
    const name = program.section, unfollowed = UNFOLLOWED[name.replace(/^\?/, "").replace(/\/.*$/, "")];
    if (unfollowed) return unknown(program, unfollowed);
    const text = `prog '${program.name}': missing BPF prog type, check ELF section name '${name}'`;
    return refused(program, ERRNO.EINVAL, text);
  }
  if (kind.target && lacksTarget(kind)) {
    const text = `prog '${program.name}': failed to find kernel BTF type ID of '${kind.target}': -3`;
    return refused(program, ERRNO.ESRCH, text);
  }
  return undefined;
}

/** The paths of a program, as far as they were followed. */
interface Walked {
  readonly env: Environment;
  /** What ended it. */
  readonly stop?: Rejection | Unsupported;
}

function walk(env: Environment): Walked {
  try {
    check(env);
    return { env };
  } catch (error) {
    if (error instanceof Rejection || error instanceof Unsupported) return { env, stop: error };
    throw error;
  }
}

/** @param run follows the paths once more: to tell what was read undefined, or to write its log */
function verdictOn(
  run: (tellsUndefined: boolean, logPlan?: LogPlan) => Walked,
  program: Program,
): Omit<Verdict, "kernel"> {
  const { env, stop } = run(false);
  const statistics = `processed ${env.processedInsns} insns (limit 1000000)\n`;
  const warnings = warningsOf(env, ...(env.hidUndefined ? [run(true).env] : []));
  const base = { program: program.name, section: program.section, processedInsns: env.processedInsns, warnings };
  if (!stop) {
    return { ...base, verdict: "accept", errno: 0, errname: "", message: "", path: [], log: statistics };
  }
  const insn = env.trail.at(-1), path = pathLines(env);
  const verdict = {
    ...base,
    ...(stop instanceof Rejection
      ? { verdict: "reject", errno: stop.errno, errname: errnoName(stop.errno) } as const
      : { verdict: "unsupported", errno: 0, errname: "" } as const),
    message: oneLine(stop.message),
    insn,
    line: insn === undefined ? undefined : env.lineAt(insn),
    path,
    get log(): string {
      const parts: string[] = [];
      writeLog((text) => parts.push(text));
      return parts.join("");
    },
  } as const;
  const { trailCounts } = env, last = trailCounts.length > 0 ? env.processedInsns : 0;
  const writeLog = (write: (text: string) => void): void => {
    const window = new LogWindow(write);
    run(false, { counts: new Set(trailCounts), last, write: (text) => window.write(text) }).env.log.end();
    window.write(statistics);
    window.end();
  };
  // Not among what is enumerated: verdicts are copied and sent.
  Object.defineProperty(verdict, "writeLog", { value: writeLog });
  const at = insn === undefined ? undefined : env.insns[insn];
  const takesLock = at !== undefined && isHelperCall(at) && at.imm === BPF_FUNC.spin_lock;
  return Object.assign(verdict, { explanation: explain(stop.message, path, program.section, takesLock) });
}

/** Whether the kernel has nothing of the name that the section gives (libbpf.c:libbpf_find_attach_btf_id). */
function lacksTarget(kind: ProgramKind): boolean {
  if (kind.attachType === BPF_ATTACH_TYPE.TRACE_RAW_TP) return !tracepointArgs(kind.target);
  return hasHook(kind) && kernelHook(hookFunction(kind)) === "missing";
}

function unknown(program: Program, what: string): Omit<Verdict, "kernel"> {
  const message = `${what} is not supported by Interleave`;
  return { ...refused(program, 0, message), verdict: "unsupported", errname: "" };
}

/** A message that the kernel breaks after a comma is one sentence. */
function oneLine(message: string): string {
  return message.split("\n").join(" ").trim();
}

function pathLines(env: Environment): LineInfo[] {
  const lines: LineInfo[] = [];
  for (const insn of env.trail) {
    const line = env.lineAt(insn);
    if (line && lines.at(-1)?.line !== line.line) lines.push(line);
  }
  return lines;
}

function refused(program: Program, errno: number, message: string): Omit<Verdict, "kernel"> {
  return {
    program: program.name,
    section: program.section,
    verdict: "reject",
    errno,
    errname: errnoName(errno),
    message,
    path: [],
    processedInsns: 0,
    warnings: [],
    log: "",
    explanation: explain(message, [], program.section),
  };
}

const ERROR_TEXTS: Readonly<Record<number, string>> = {
  [ERRNO.EINVAL]: "Invalid argument",
  [ERRNO.E2BIG]: "Argument list too long",
  [ERRNO.EACCES]: "Permission denied",
  [ERRNO.EOPNOTSUPP]: "Operation not supported",
  [ERRNO.ENOTSUPP]: "ERROR: strerror_r(-524)=22",
};
const errorText = (errno: number): string => ERROR_TEXTS[errno] ?? errnoName(errno);
