/**
 * Feeds the timing engine from a simulated machine: programs translated to Wasm, kernel models, several tasks on a CPU.
 *
 * The machine is made with `external` memory and with this as its observer: the engine performs every visible operation,
 * and hears of everything else that takes time.
 */
import { readModifyWrite } from "../cpu/perform.ts";
import { KIND, RUN, TASK } from "../cpu/layout.ts";
import type { Machine, StepObserver } from "../machine/machine.ts";
import type { Width } from "../cpu/memory.ts";
import type { Operation, PrivateOp, WorkOp } from "../cpu/operation.ts";
import { runningModel, type Task } from "../machine/task.ts";
import { accessBytes, BPF_ATOMIC } from "../isa/insn.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { type Core, OP } from "./core.ts";
import { type Profile, stallOfCall } from "./profile.ts";
import { GuardedWork } from "./guarded_work.ts";
import { type ProgramTraits, programTraits } from "./program_traits.ts";
import { SeededRandom } from "../schedulers/random_numbers.ts";
import type { OperationSource } from "./timing.ts";

/** Instructions of kernel code around each of its loads, stores and atomics. */
const MODEL_INSNS = 2;
/** What a lock word holds beside its owner while CPUs are queued (include/asm-generic/qspinlock_types.h). */
const QUEUED = 0x1_0000n;
/** What a look-up calls (kernel/bpf/hashtab.c): lookup_nulls_elem_raw, and memcmp for the key. */
const CALLS_OF_HASH = 2;
/**
 * A tail call to a known program is a jump: the count of calls looked at and raised, registers and frame given back
 * (arch/x86/net/bpf_jit_comp.c:emit_bpf_tail_call_direct), and the prologue of the other program.
 */
const TAIL_CALL_INSNS = 12;
/** Mean time between two interrupts of one CPU, where the workload has any: rare beside a run, and many in a short one. */
const INTERRUPT_GAP_NS = 2_000;

export class MachineSource implements OperationSource, StepObserver {
  /** Simulated time at which the operation under way was performed. */
  nowNs = 0;
  /** Called when an operation has been performed, before its task goes on. */
  onOperation: ((task: Task, core: Core) => void) | undefined;
  /** Called when a run ends: its task, and the core with its clocks. */
  onRunEnd: ((task: Task, core: Core) => void) | undefined;
  #machine!: Machine;
  #cores: readonly Core[] = [];
  /** The task that each core runs. */
  readonly #current: (Task | undefined)[] = [];
  readonly #tasksOf: Task[][] = [];
  /** When the next interrupt of each core is due. */
  readonly #interruptAt: number[] = [];
  /** Of each core: loads and stores of work under a lock, which it has still to do. */
  readonly #guarded: GuardedWork[] = [];
  readonly #interruptGaps: SeededRandom;
  /** Of each task's program. */
  #traits: readonly ProgramTraits[] = [];

  constructor(readonly profile: Profile, readonly limits: { readonly operations: number; readonly seed: number }) {
    this.#interruptGaps = new SeededRandom(limits.seed);
  }

  attach(machine: Machine, cores: readonly Core[]): void {
    this.#machine = machine;
    this.#cores = cores;
    this.#traits = machine.tasks.map((task) => programTraits(task.program?.program));
    for (const core of cores) {
      this.#tasksOf.push(machine.tasks.filter((task) => task.cpu === core.id));
      this.#current.push(undefined);
      this.#guarded.push(new GuardedWork());
      this.#interruptAt.push(this.#interruptGap());
    }
  }

  next(core: Core): void {
    const machine = this.#machine;
    this.nowNs = core.now;
    let task = this.#current[core.id];
    const guarded = this.#guarded[core.id];
    if (task !== undefined && !guarded.isUnderWay) {
      this.onOperation?.(task, core);
      this.#step(task, core);
    }
    if (guarded.isUnderWay && guarded.next(core)) return;
    if (task === undefined || machine.sharesCpus || machine.isDone(task)) {
      task = this.#choose(core, task);
      this.#current[core.id] = task;
    }
    if (task === undefined || machine.fault) core.op = OP.done;
    else this.#describe(task, core);
  }

  readModifyWrite(core: Core, queued: boolean): void {
    const task = this.#current[core.id]!, { memory } = this.#machine, model = runningModel(task);
    if (model) {
      const op = model.pending;
      if (op.kind === "rmw") {
        if (queued && op.op === "cmpxchg" && op.expected === 0n) return setResult(core, QUEUED);
        const old = memory.read(op.addr, op.size), value = readModifyWrite(op, old);
        if (value !== undefined) memory.write(op.addr, op.size, value);
        setResult(core, old);
      } else if (op.kind === "atomic") setResult(core, op.run(memory));
      else if (op.kind === "await") {
        setResult(core, memory.read(op.addr, op.size));
        memory.write(op.addr, op.size, op.thenStore!);
      }
      return;
    }
    this.#programReadModifyWrite(core, task);
  }

  isReady(core: Core): boolean {
    const { memory } = this.#machine, task = this.#current[core.id]!;
    if (this.#machine.isHeldBack(task)) return false;
    const op = runningModel(task)?.pending;
    if (op === undefined) return true;
    if (op.kind === "wait") return op.until(memory);
    if (op.kind !== "await") return true;
    const value = memory.read(op.addr, op.size);
    setResult(core, value);
    return op.until(value);
  }

  runBegins(task: Task): void {
    const core = this.#cores[task.cpu];
    this.#called(core, this.profile.work.run);
    core.privateStores += this.#traits[task.index].pushes;
  }

  runEnds(task: Task): void {
    const core = this.#cores[task.cpu];
    this.onRunEnd?.(task, core);
  }

  helperCalled(task: Task, name: string, inlined: boolean): void {
    const core = this.#cores[task.cpu];
    const { work } = this.profile;
    if (inlined || this.#isInlined(task, name)) core.workNs += work.inlined;
    else if (name === "bpf_tail_call") core.workNs += Math.min(work.helper, TAIL_CALL_INSNS * this.profile.insnNs);
    else this.#called(core, work.helper);
    core.workNs += work.helpers[name] ?? 0;
  }

  callbackBegins(task: Task, helper: string): void {
    const core = this.#cores[task.cpu], { work } = this.profile;
    this.#called(core, helper === "bpf_loop" ? work.run : work.callback);
    core.privateStores += this.#traits[task.index].pushes;
  }

  performPrivate(task: Task, op: PrivateOp): bigint {
    const { memory } = this.#machine, core = this.#cores[task.cpu];
    if (op.readsStack) return op.run(memory);
    const run = op.guarded ? () => this.#guarded[task.cpu].note(memory, op) : () => op.run(memory);
    return core.stores.withStoresVisible(memory, run);
  }

  worked(task: Task, op: WorkOp): void {
    const core = this.#cores[task.cpu], { work, insnNs } = this.profile, amount = op.amount ?? 1;
    switch (op.what) {
      case "hash":
        core.workNs += work.hash + work.hashByte * amount;
        this.#called(core, work.call, CALLS_OF_HASH);
        break;
      case "copy":
        core.workNs += work.copyStart;
        this.#called(core, work.call);
        core.blockOperations = amount;
        break;
      case "alloc":
        core.workNs += work.alloc * amount;
        break;
      case "irqsave":
        core.serialNs += work.irqsave;
        break;
      case "irqrestore":
        core.serialNs += work.irqrestore;
        break;
      case "syscall":
        core.serialNs += work.syscall;
        break;
      case "sysret":
        core.serialNs += work.sysret;
        break;
      case "grace_period":
        core.serialNs += work.gracePeriod * amount;
        break;
      case "sleep":
        core.serialNs += work.sleep;
        break;
      case "call":
        this.#called(core, work.call, amount);
        break;
      case "insns":
        core.workNs += insnNs * amount;
        break;
    }
  }

  #called(core: Core, eachNs: number, calls = 1): void {
    chargeCalls(core, this.profile, eachNs, calls);
  }

  /** kernel/bpf/verifier.c inlines lookups of arrays, and bpf_loop with a callback that it knows. */
  #isInlined(task: Task, name: string): boolean {
    if (name === "bpf_loop") return true;
    if (name !== "bpf_map_lookup_elem") return false;
    const pointer = this.#machine.memory.view.getBigUint64(task.record + TASK.registers + 8, true);
    const map = this.#machine.kernel.mapAt(pointer);
    return map !== undefined && (map.lookupIsInlined || map.def.type === BPF_MAP_TYPE.ARRAY_OF_MAPS);
  }

  /** Hands the task the result of its operation and lets it run to its next one. */
  #step(task: Task, core: Core): void {
    const machine = this.#machine, before = machine.insns;
    if (runningModel(task) !== undefined || machine.memory.getU32(task.record + TASK.runState) === RUN.none) {
      machine.step(task.index, task.models.length > 0 ? resultOf(core) : undefined);
    } else {
      const { view } = machine.memory, record = task.record;
      if (core.op === OP.load || core.op === OP.rmw) {
        view.setInt32(record + TASK.value, core.low, true);
        view.setInt32(record + TASK.value + 4, core.high, true);
      }
      const returned = machine.stepWasm(record);
      machine.steps++;
      if ((returned & 15) <= KIND.rmw && (returned & 15) !== KIND.none) machine.insns += returned >>> 4;
      else machine.advance(task, returned);
    }
    const insns = machine.insns - before, { stackStoreShare, callShare } = this.#traits[task.index];
    core.insns += insns;
    if (callShare > 0) this.#called(core, this.profile.work.call, insns * callShare);
    core.privateStores += Math.round(insns * stackStoreShare);
    if (machine.steps >= this.limits.operations) {
      machine.stop(`stopped after ${machine.steps.toLocaleString("en")} visible operations`);
    }
  }

  /** The task that a core runs next; a task in the middle of a run goes on unless an interrupt strikes or it sleeps. */
  #choose(core: Core, current: Task | undefined): Task | undefined {
    const machine = this.#machine, tasks = this.#tasksOf[core.id];
    if (!machine.sharesCpus) {
      return current ? undefined : tasks.find((task) => !machine.isDone(task));
    }
    const ready = (task: Task) => !machine.isDone(task) && machine.cpus.isFreeFor(task);
    const interrupt = tasks.find((task) => task.kind === "interrupt" && ready(task));
    if (interrupt && interrupt === current && !this.#isIdle(interrupt)) return interrupt;
    if (interrupt && core.now + this.#privateNs(core) >= this.#interruptAt[core.id]) {
      this.#interruptAt[core.id] = core.now + this.#interruptGap();
      return interrupt;
    }
    const free = tasks.filter((task) => task.kind !== "interrupt" && ready(task));
    // A core whose tasks are all held back waits with one of them.
    const begun = free.filter((task) => !machine.isHeldBack(task)), others = begun.length > 0 ? begun : free;
    if (current && others.includes(current) && !this.#isIdle(current)) return current;
    const after = others.find((task) => task.index > (current?.index ?? -1)) ?? others[0];
    return after ?? interrupt;
  }

  /** What a core works until its next operation: an interrupt that is due meanwhile comes before that operation. */
  #privateNs(core: Core): number {
    return core.insns * this.profile.insnNs + core.workNs + core.serialNs;
  }

  /** Interrupts know nothing of the program: with equal gaps each would strike it at the same place. */
  #interruptGap(): number {
    return -INTERRUPT_GAP_NS * Math.log(1 - this.#interruptGaps.unit());
  }

  /** Between two runs, or asleep. */
  #isIdle(task: Task): boolean {
    const kind = runningModel(task)?.pending.kind;
    if (kind === "sleep" || kind === "wait") return true;
    return task.models.length === 0 && this.#machine.memory.getU32(task.record + TASK.runState) === RUN.none;
  }

  /** Puts the task's pending operation into the core. */
  #describe(task: Task, core: Core): void {
    const { memory, image } = this.#machine, { view } = memory, model = runningModel(task);
    if (this.#machine.isHeldBack(task)) {
      core.op = OP.wait;
      return;
    }
    if (model) return describeModel(core, model.pending, this.profile);
    const record = task.record, kind = view.getInt32(record + TASK.pending, true) & 0xff;
    if (kind === KIND.none) {
      core.op = OP.pass;
      return;
    }
    core.op = kind;
    core.addr = view.getInt32(record + TASK.addr, true);
    core.size = accessBytes(image.insns[view.getInt32(record + TASK.insn, true)]);
    if (kind === KIND.store) {
      core.low = view.getInt32(record + TASK.value, true);
      core.high = view.getInt32(record + TASK.value + 4, true);
    }
  }

  #programReadModifyWrite(core: Core, task: Task): void {
    const { memory, image } = this.#machine, { view } = memory, { addr, size } = core, record = task.record;
    const insn = image.insns[view.getInt32(record + TASK.insn, true)];
    const low = view.getInt32(addr, true), high = size === 8 ? view.getInt32(addr + 4, true) : 0;
    const byLow = view.getInt32(record + TASK.value, true), byHigh = view.getInt32(record + TASK.value + 4, true);
    let newLow = low, newHigh = high;
    switch (insn.imm & ~BPF_ATOMIC.FETCH) {
      case BPF_ATOMIC.ADD & ~BPF_ATOMIC.FETCH:
        newLow = (low + byLow) | 0;
        newHigh = (high + byHigh + ((low >>> 0) + (byLow >>> 0) > 0xffff_ffff ? 1 : 0)) | 0;
        break;
      case BPF_ATOMIC.OR & ~BPF_ATOMIC.FETCH:
        newLow = low | byLow;
        newHigh = high | byHigh;
        break;
      case BPF_ATOMIC.AND & ~BPF_ATOMIC.FETCH:
        newLow = low & byLow;
        newHigh = high & byHigh;
        break;
      case BPF_ATOMIC.XOR & ~BPF_ATOMIC.FETCH:
        newLow = low ^ byLow;
        newHigh = high ^ byHigh;
        break;
      case BPF_ATOMIC.XCHG & ~BPF_ATOMIC.FETCH:
        newLow = byLow;
        newHigh = byHigh;
        break;
      default: {
        const matches = low === view.getInt32(record + TASK.expected, true) &&
          (size < 8 || high === view.getInt32(record + TASK.expected + 4, true));
        if (matches) {
          newLow = byLow;
          newHigh = byHigh;
        }
      }
    }
    memory.journal?.beforeWrite(addr, size);
    view.setInt32(addr, newLow, true);
    if (size === 8) view.setInt32(addr + 4, newHigh, true);
    core.low = low;
    core.high = high;
  }
}

function chargeCalls(core: Core, profile: Profile, eachNs: number, calls: number): void {
  const stallNs = stallOfCall(profile, eachNs);
  core.workNs += calls * (eachNs - stallNs);
  core.stallNs += calls * stallNs;
}

function describeModel(core: Core, op: Operation, profile: Profile): void {
  switch (op.kind) {
    case "load":
    case "store":
      core.op = op.kind === "load" ? OP.load : OP.store;
      core.addr = op.addr;
      core.size = op.size;
      if (op.kind === "store") {
        setResult(core, op.value);
        // PV_CALLEE_SAVE(__pv_queued_spin_unlock): by a call.
        if (op.paravirtual && profile.paravirtualLocks) {
          core.op = OP.lockedStore;
          chargeCalls(core, profile, profile.work.call, 1);
        }
      }
      if (core.blockOperations > 0) {
        core.blockOperations--;
        core.block = true;
        if (op.kind === "store") core.workNs += profile.work.copyByte * op.size;
      } else core.insns += MODEL_INSNS;
      break;
    case "rmw":
    case "atomic":
      core.op = OP.rmw;
      core.addr = op.addr;
      core.size = op.kind === "rmw" ? op.size : (8 satisfies Width);
      break;
    case "await":
      core.op = op.thenStore === undefined ? OP.watch : OP.take;
      core.paravirtual = profile.paravirtualLocks && op.paravirtual === true;
      core.addr = op.addr;
      core.size = op.size;
      break;
    case "wait":
      core.op = OP.wait;
      break;
    default:
      core.op = OP.pass;
  }
}

/** One number of 64 bits, and its two halves. */
const whole = new BigUint64Array(1), halves = new Int32Array(whole.buffer);

function setResult(core: Core, value: bigint): void {
  whole[0] = value;
  core.low = halves[0];
  core.high = halves[1];
}

function resultOf(core: Core): bigint {
  if (core.op === OP.store || core.op === OP.lockedStore || core.op === OP.pass || core.op === OP.wait) return 0n;
  halves[0] = core.low;
  halves[1] = core.high;
  return whole[0];
}
