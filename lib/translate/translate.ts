/**
 * BPF byte code -> one WebAssembly function `step(task)`.
 *
 * A step performs the visible operation that is pending for a task, runs private instructions, and ends just before the
 * next visible operation, which it publishes in the task record (layout.ts). It returns `insns << 4 | kind`.
 *
 * First the whole image is looked at:
 *
 *     translate_flow      which instructions can be reached, in which basic blocks
 *     translate_pointers  which memory accesses are known to be in bounds, and whether other CPUs see them
 *     translate_liveness  which registers must be in locals, which must be saved when a step ends
 *     translate_places    where steps can begin and jumps can lead
 *
 * Then each instruction goes its way from byte code to Wasm:
 *
 *     isa/insn.ts         decode(): 8 bytes to an `Insn`
 *     translate_blocks    #emitInsn(): which of these it is for
 *       translate_alu     arithmetic, conditions
 *       translate_memory  loads, stores, atomics
 *       translate_calls   helpers, BPF functions, exit
 *     wasm_assembler      bytes
 *
 * `0f 21 00 00 00 00 00 00`, `r1 += r2`, comes out of decode() as `{ opcode: 0x0f, dst: 1, src: 2, off: 0, imm: 0 }`; no
 * jump, call or memory access, so #emitInsn() counts it and hands it to emitAlu(), which has a row for 0x00, addition:
 * `local.get $r1`, `local.get $r2`, `i64.add`, `local.set $r1`. A register is a Wasm local while a step runs; between
 * steps it stands in the task record, from which the step that needs it loads it (translate_step).
 */
import type { Insn } from "../isa/insn.ts";
import { type Layout, PAGE_BYTES } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import { BlockEmitter } from "./translate_blocks.ts";
import { controlFlow } from "./translate_flow.ts";
import { analyseLiveness } from "./translate_liveness.ts";
import { GENERAL, LOCAL_TYPES } from "./translate_locals.ts";
import { findGates, placeBlocks, type Placement } from "./translate_places.ts";
import { findAccesses } from "./translate_pointers.ts";
import { BUFFERED_LOCAL_TYPES, BufferedStepEmitter } from "./translate_buffered.ts";
import { RANDOM_LOCAL_TYPES, RandomStepEmitter } from "./translate_random.ts";
import { StepEmitter } from "./translate_step.ts";
import type { SparseRegion } from "./translate_step.ts";
import { assembleModule, type ValueType, type WasmFunction } from "./wasm_assembler.ts";

export interface TranslateOptions {
  readonly layout: Layout;
  /**
   * Memory whose regions are all in place: pointers that are constants are then checked now and not at run time. The
   * translation is good for memories with the same regions only.
   */
  readonly memory?: Memory;
  /** The machine performs visible operations: operands and results pass through `TASK.value` and `TASK.expected`. */
  readonly external?: boolean;
  /** No step ends at a memory access or helper call: helpers are calls of the import `env.helper(task, insn)`. */
  readonly direct?: boolean;
  /** The memory is shared among threads. */
  readonly shared?: boolean;
  /** Translate to `runRandom()`, which lets random tasks take steps (translate_random.ts), instead of `step(task)`. */
  readonly random?: boolean;
  /** With `random`, where CPUs have store buffers: for each instruction, whether its store may wait in an empty one. */
  readonly mayWait?: Uint8Array;
  /** Where to mark what ran (translate_coverage.ts); nothing is marked when left out. */
  readonly coverage?: number;
  /** Loads that give a pointer of a packet where they are from a context: which of its pointers (cpu/packet.ts). */
  readonly packetLoads?: ReadonlyMap<number, number>;
  /** Memory of which not every page is there. */
  readonly arena?: SparseRegion;
  /** With `random`: where runRandom() writes which tasks took steps, at most RECORDING_STEPS in one call. */
  readonly recording?: number;
}

/** Steps of one call of runRandom() that a page has room for. */
export const RECORDING_STEPS = PAGE_BYTES / 4;

/** A translated image. Blocks are numbered places where a step can begin. */
export interface Translation {
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** Block to put into `TASK.pending` (with kind `none`) to begin at an instruction that is one of the entries. */
  entryBlock(insn: number): number;
  /** Registers (bit r for register r) that are live, and in the task record, when a step begins at a block. */
  readonly liveAt: Int32Array;
  /** Instruction at which a step goes on that begins at a block; of a pending operation, its own instruction. */
  readonly blockInsn: Int32Array;
  /** Linear address of the operation that is pending at a block where it was known beforehand; else 0. */
  readonly addrAt: Int32Array;
  readonly direct: boolean;
  readonly shared: boolean;
}

/** A dispatch table has at most so many entries (a limit of V8). */
const MAX_BLOCKS = 65_520;
/** Bytes of the largest function that engines take (a limit of V8, and of the others), less those around it. */
const MAX_WASM_BYTES = 7_654_000;

/**
 * Translates an image.
 *
 * @param insns validated programs one after the other, with pointers resolved in `imm64`
 * @param entries first instructions of programs and callbacks
 * @throws RangeError where the image was not validated, or is too large for one Wasm function
 */
export function translate(insns: readonly Insn[], entries: readonly number[], options: TranslateOptions): Translation {
  const { direct = false, external = false, shared = false, layout } = options;
  const flow = controlFlow(insns, entries);
  const accesses = findAccesses(insns, flow, entries, options.memory);
  const gates = findGates(insns, flow, accesses, direct);
  const liveness = analyseLiveness(insns, flow, entries, accesses, { direct, external, gates });
  const placement = placeBlocks(insns, flow, accesses, entries, gates, direct);
  const dispatched = placement.places.filter(({ entry }) => entry >= 0);
  if (dispatched.length > MAX_BLOCKS) {
    throw new RangeError(
      `a program of ${insns.length} insns has ${dispatched.length} places where a step can begin; the simulator takes at most ${MAX_BLOCKS}: split the program`,
    );
  }
  const image = { insns, accesses, liveness }, { packetLoads, coverage, arena, mayWait } = options;
  const stepOptions = { layout, external, direct, coverage, packetLoads, arena };
  const func = options.random && mayWait
    ? randomFunction(new BufferedStepEmitter(image, stepOptions, mayWait), BUFFERED_LOCAL_TYPES, placement, options)
    : options.random
    ? randomFunction(new RandomStepEmitter(image, stepOptions), RANDOM_LOCAL_TYPES, placement, options)
    : stepFunction(new StepEmitter(image, stepOptions), placement);
  const imports = direct ? [{ name: "helper", params: ["i32", "i32"] as const }] : [];
  const wasm = assembleModule(func, imports, shared);
  if (wasm.length > MAX_WASM_BYTES) {
    throw new RangeError(
      `a program of ${insns.length} insns becomes ${
        megabytes(wasm.length)
      } MB of WebAssembly; the simulator takes at ` +
        `most ${megabytes(MAX_WASM_BYTES)} MB in one function: split the program, or run fewer of them at once`,
    );
  }
  return {
    wasm,
    entryBlock(insn) {
      const block = placement.entries.reload.get(insn);
      if (block === undefined) throw new RangeError(`insn ${insn} is not an entry of the translated image`);
      return block;
    },
    liveAt: Int32Array.from(
      dispatched,
      ({ kind, insn, start }) =>
        GENERAL & (kind === "operation" ? liveness.liveAtOperation(insn) : liveness.live[start]),
    ),
    blockInsn: Int32Array.from(dispatched, ({ kind, insn, start }) => kind === "operation" ? insn : start),
    addrAt: Int32Array.from(dispatched, ({ kind, insn }) => {
      const access = kind === "operation" ? accesses[insn] : undefined;
      return access?.kind === "visible" ? access.addr : 0;
    }),
    direct,
    shared,
  };
}

const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(1);

function stepFunction(step: StepEmitter, placement: Placement): WasmFunction {
  new BlockEmitter(step, placement).emit();
  return { name: "step", params: ["i32"], result: "i32", locals: LOCAL_TYPES, code: step.code };
}

function randomFunction(
  step: RandomStepEmitter,
  locals: readonly ValueType[],
  placement: Placement,
  { recording }: TranslateOptions,
): WasmFunction {
  step.emitLoop(() => new BlockEmitter(step, placement).emit(), recording);
  return { name: "runRandom", params: ["i32"], result: "i32", locals, code: step.code };
}

/** Runs one step of the task whose record stands at a linear address; gives `insns << 4 | kind`. */
export type Step = (task: number) => number;

/**
 * Compiles a translation for a memory.
 *
 * @param helper of a direct translation: performs the helper call at an instruction; arguments and result pass through
 *   the task record
 */
export function instantiate(
  translation: Translation,
  memory: Memory,
  helper?: (task: number, insn: number) => void,
): Step {
  const imports = { memory: memory.wasm, ...(helper && { helper }) };
  return new WebAssembly.Instance(moduleOf(translation), { env: imports }).exports.step as Step;
}

/** Compiles a translation with the `random` option: gives its `runRandom()`. */
export function instantiateRandom(translation: Translation, memory: Memory): () => number {
  const env = { memory: memory.wasm };
  return new WebAssembly.Instance(moduleOf(translation), { env }).exports.runRandom as () => number;
}

const modules = new WeakMap<Translation, WebAssembly.Module>();

/** Compiled once, for however many memories. */
function moduleOf(translation: Translation): WebAssembly.Module {
  let module = modules.get(translation);
  if (!module) modules.set(translation, module = new WebAssembly.Module(translation.wasm));
  return module;
}
