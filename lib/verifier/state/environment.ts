/** What one run of the verifier over one program (or one global function of it) works with. */
import type { Insn } from "../../isa/insn.ts";
import type { BpfObject, LineInfo, Program } from "../../object/bpf_object.ts";
import type { Btf } from "../../object/btf.ts";
import { Edges } from "./edges.ts";
import type { LoopVisits } from "../flow/loops.ts";
import { wording } from "../kernel/older_kernels.ts";
import { relocate } from "../kernel/core_relocations.ts";
import { lineAt } from "./lines.ts";
import { Log, type LogPlan } from "./log.ts";
import type { MapState } from "../kernel/map_state.ts";
import type { AccessObserver } from "./access_observer.ts";
import type { ProgramKind } from "../kernel/program_types.ts";
import type { UndefinedRead } from "./undefined_stack.ts";
import type { Reg } from "./register.ts";
import { StackLiveness } from "./stack_liveness.ts";
import { type Frame, State } from "./state.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import { type KernelRelease, NEWEST } from "../../uapi/releases.ts";

/** The program is refused: thrown where the kernel's function would return an error. */
export class Rejection extends Error {
  override readonly name = "Rejection";
  constructor(readonly errno: number, message: string) {
    super(message);
  }
}

/** Interleave does not know what the kernel would say: thrown where a rule, a hook or a type is not known here. */
export class Unsupported extends Error {
  override readonly name = "Unsupported";
}

/** An entry of the path that led here (struct bpf_jmp_history_entry). */
export interface HistoryEntry {
  readonly insn: number;
  readonly previous: number;
  /** The entry before it, since the same checkpoint. */
  readonly before: HistoryEntry | null;
  /** The stack slot that the instruction read or wrote; -1: none. */
  stackFrame: number;
  stackSlot: number;
  /** Operands of a comparison that are stack pointers. */
  isSrcStack: boolean;
  isDstStack: boolean;
  /** Registers and slots that a comparison refined together. */
  linked: readonly LinkedRegister[] | null;
}

export interface LinkedRegister {
  readonly frame: number;
  readonly index: number;
  readonly isReg: boolean;
}

/** What the verifier keeps for each instruction (struct bpf_insn_aux_data). */
export interface InsnNotes {
  isPrunePoint: boolean;
  isJumpPoint: boolean;
  isForcedCheckpoint: boolean;
  callsCallback: boolean;
  isIteratorNext: boolean;
  /** Type of the pointer that a load or store went through on an earlier path. */
  pointerType: number;
  liveRegs: number;
  /** Number of the loop that it is in, or 0. */
  loop: number;
}

export interface SubprogNotes {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly isGlobal: boolean;
  readonly btfId?: number;
  isCallback: boolean;
  isAsyncCallback: boolean;
  hasTailCall: boolean;
  hasLoadAbs: boolean;
  changesPacket: boolean;
  mightSleep: boolean;
  stackDepth: number;
  isCalled: boolean;
  isVerified: boolean;
  isUnreliable: boolean;
  args?: readonly SubprogArg[];
}

/** An argument of a global function, as its BTF declares it. */
export interface SubprogArg {
  readonly kind: "scalar" | "ctx" | "mem" | "dynptr" | "btf" | "arena";
  readonly maybeNull: boolean;
  readonly memSize: number;
  readonly type?: string;
}

interface Pending {
  readonly state: State;
  readonly insn: number;
  readonly previous: number;
  readonly trailLength: number;
}

const NOTHING = {};

export const MAX_INSNS = 1_000_000;
const MAX_PENDING = 8192;

export class Environment {
  readonly insns: readonly Insn[];
  /** Instructions that name a field which the kernel does not have, with what to say. */
  readonly poisoned: ReadonlyMap<number, string>;
  /** Instructions of which it is not known what the kernel gets in their place. */
  readonly unknown: ReadonlyMap<number, string>;
  readonly notes: InsnNotes[];
  readonly log: Log;
  /** Map of each `BPF_LD_IMM64` that loads one, with the offset of a direct value address. */
  readonly mapAt = new Map<number, { readonly map: MapState; readonly offset?: number }>();
  readonly externAt = new Map<number, string>();
  /** Instructions that may do without what they name. */
  readonly weakAt = new Set<number>();
  subprogs: SubprogNotes[] = [];
  state = new State();
  /** CPUs that the machine may have. */
  cpus = 1;
  /** The release whose rules are followed. */
  kernel: KernelRelease = NEWEST;
  /** Index of the instruction under way and of the one before it on this path. */
  insn = 0;
  previous = -1;
  ids = 0;
  currentHistory: HistoryEntry | null = null;
  /** Checkpoints by instruction and call site. */
  readonly explored = new Map<number, State[]>();
  readonly loopVisits: LoopVisits = new Map();
  readonly liveness: StackLiveness = new StackLiveness(this);
  readonly pending: Pending[] = [];
  /** Stack that is read although it was never written, by instruction and register (undefined_stack.ts). */
  readonly undefinedReads = new Map<string, UndefinedRead>();
  /** States with undefined bytes are covered only by such: slower, but no undefined read is overlooked. */
  tellsUndefined = false;
  /** A path was cut off that may read undefined bytes where the one that covers it does not. */
  hidUndefined = false;
  /** Told of what the walk sees on shared memory; absent in a plain verification. */
  observer?: AccessObserver;
  processedInsns = 0;
  processedJumps = 0;
  /** What the counters stood at when the last checkpoint was made. */
  checkpointInsns = 0;
  checkpointJumps = 0;
  /** Every instruction on the path from the start to here. */
  readonly trail: number[] = [];
  /** And what the counter of instructions stood at. */
  readonly trailCounts: number[] = [];

  #edges: Edges | undefined;

  constructor(
    readonly object: BpfObject,
    readonly program: Program,
    readonly kind: ProgramKind,
    readonly maps: readonly (MapState | undefined)[],
    /** The object's types, when the kernel accepted them. */
    readonly btf: Btf | undefined,
    logPlan?: LogPlan,
  ) {
    const { insns, poisoned, unknown } = relocate(program, object.btf);
    this.insns = insns;
    this.poisoned = poisoned;
    this.unknown = unknown;
    this.log = new Log(logPlan);
    this.notes = program.insns.map(() => ({
      isPrunePoint: false,
      isJumpPoint: false,
      isForcedCheckpoint: false,
      callsCallback: false,
      isIteratorNext: false,
      pointerType: 0,
      liveRegs: 0x7ff,
      loop: 0,
    }));
  }

  /** Where control goes; first asked for when no jump is known to leave the program. */
  get edges(): Edges {
    return this.#edges ??= new Edges(this.insns);
  }

  get frame(): Frame {
    return this.state.frame;
  }

  get regs(): Reg[] {
    return this.state.frame.regs;
  }

  /** Whether a function handles what the program throws: `__exception_cb(name)`, a tag on the program. */
  get hasExceptionCallback(): boolean {
    const { btf } = this, id = this.subprogs[0]?.btfId;
    return btf?.types.some(({ kind, type, name }) =>
      kind === "decl_tag" && type === id && name.startsWith("exception_callback:")
    ) ?? false;
  }

  get isGpl(): boolean {
    return GPL.includes(this.object.license);
  }

  newId(): number {
    return ++this.ids;
  }

  /** Refuses the program: `message` becomes the last line of the log. */
  reject(errno: number, message: string): never {
    const said = wording(message, this.kernel);
    this.log.write(said + "\n");
    throw new Rejection(errno, said);
  }

  /** Refuses the program after its message is logged. */
  fail(errno: number, message: string): never {
    throw new Rejection(errno, wording(message, this.kernel));
  }

  /** Gives no verdict: `what` is what Interleave does not know, and the kernel does. */
  unsupported(what: string): never {
    throw new Unsupported(`${what} is not supported by Interleave`);
  }

  lineAt(insn: number): LineInfo | undefined {
    return lineAt(this.program, insn);
  }

  /** A slot of a frame is read by the instruction under way. */
  noteSlotRead(frame: number, slot: number): void {
    this.liveness.noteRead(this.state, this.insn, frame, slot);
  }

  /** A slot of a frame is written as a whole. */
  noteSlotWritten(frame: number, slot: number): void {
    this.liveness.noteWritten(frame, slot);
  }

  /** Leaves a copy of the state to be explored from `insn` later (push_stack). */
  push(insn: number, previous: number): State {
    const copy = this.state.copy();
    if (copy.parent) copy.parent.branches++;
    this.pending.push({
      state: copy,
      insn,
      previous,
      trailLength: this.trail.length,
    });
    if (this.pending.length > MAX_PENDING) {
      this.reject(ERRNO.EFAULT, `The sequence of ${this.pending.length} jumps is too complex.`);
    }
    return copy;
  }

  /** Takes up the path left last; `false` when none is left (pop_stack). */
  pop(): boolean {
    const next = this.pending.pop();
    if (!next) return false;
    this.state = next.state;
    this.insn = next.insn;
    this.previous = next.previous;
    this.trail.length = this.trailCounts.length = next.trailLength;
    return true;
  }

  /** Adds to the history what backtracking must know of this instruction (push_insn_history). */
  remember(what: Partial<Pick<HistoryEntry, "isSrcStack" | "isDstStack" | "linked">> = NOTHING): void {
    if (this.currentHistory) {
      if (what.isSrcStack) this.currentHistory.isSrcStack = true;
      if (what.isDstStack) this.currentHistory.isDstStack = true;
      if (what.linked) this.currentHistory.linked = what.linked;
      return;
    }
    const entry: HistoryEntry = {
      insn: this.insn,
      previous: this.previous,
      before: this.state.history,
      stackFrame: -1,
      stackSlot: -1,
      isSrcStack: what.isSrcStack ?? false,
      isDstStack: what.isDstStack ?? false,
      linked: what.linked ?? null,
    };
    this.state.history = entry;
    this.state.historyLength++;
    this.currentHistory = entry;
  }

  /** The same, of an instruction that read or wrote a stack slot. */
  rememberSlot(frame: number, slot: number): void {
    if (!this.currentHistory) this.remember();
    this.currentHistory!.stackFrame = frame;
    this.currentHistory!.stackSlot = slot;
  }

  /** Whether the program has an arena. */
  get hasArena(): boolean {
    return [...this.mapAt.values()].some(({ map }) => map.type === BPF_MAP_TYPE.ARENA);
  }

  /** Index of the subprogram that starts at an instruction, or -1. */
  subprogAt(start: number): number {
    return this.subprogs.findIndex((subprog) => subprog.start === start);
  }

  subprogContaining(insn: number): number {
    return this.subprogs.findIndex((subprog) => subprog.start <= insn && insn < subprog.end);
  }

  /** Whether the program may sleep right here (in_sleepable and no lock, RCU section or the like). */
  get maySleepHere(): boolean {
    const { state } = this;
    return this.isSleepable && state.rcuLocks === 0 && state.preemptLocks === 0 && state.activeLocks === 0 &&
      state.activeIrqId === 0;
  }

  /** Whether RCU keeps what is read here alive (in_rcu_cs). */
  get isInRcuSection(): boolean {
    return this.state.rcuLocks > 0 || this.state.activeLocks > 0 || !this.isSleepable;
  }

  get isSleepable(): boolean {
    return this.kind.isSleepable || this.state.isSleepable;
  }
}

/** Licenses that count as GPL (include/linux/license.h). */
const GPL = ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];
