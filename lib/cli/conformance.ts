/**
 * `interleave conformance [MEMORY] [--program BYTES] [--elf] [--debug]`: the plugin contract of the bpf_conformance
 * project.
 *
 * Runs byte code, given as hex bytes, on one CPU with plain private memory, and prints r0 in hexadecimal.
 */
import { HELPERS } from "../bpf_helpers/helper_table.ts";
import { Command } from "commander";
import { readFileSync } from "node:fs";
import process from "node:process";
import { Kernel, kernelSize } from "../bpf_helpers/kernel.ts";
import { explainFault } from "../machine/fault.ts";
import { KIND, layoutFor, REGION_FLAG, STACK_BYTES, STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import { Memory } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import { instantiate, translate } from "../translate/translate.ts";
import { decode, encode, type Insn, isHelperCall, isWide } from "../isa/insn.ts";
import { disassemble } from "../object/program_listing.ts";
import { ByteCodeError, validate } from "../isa/validate.ts";
import { runAtOnce } from "../maps/run_at_once.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { loadObject } from "../object/load.ts";

/** A program that runs longer has no end, as far as a conformance test is concerned. */
const MAX_INSNS_RUN = 1_000_000_000;

/** A run has the kernel's helper functions, but no map that they could work on. */
const NO_OBJECT: BpfObject = { name: "the program", bytes: new Uint8Array(), programs: [], maps: [], license: "GPL" };

/** What went wrong with a conformance run; the message is for its user. */
export class ConformanceError extends Error {
  override name = "ConformanceError";
}

/**
 * Parses bytes such as `b7 00 00 00`, separated by blanks or line ends.
 *
 * @throws ConformanceError naming the first word that is no byte
 */
export function parseHexBytes(text: string, what: string): Uint8Array {
  const words = text.split(/\s+/).filter((word) => word !== "");
  return Uint8Array.from(words, (word) => {
    if (!/^(0x)?[0-9a-fA-F]{1,2}$/.test(word)) throw new ConformanceError(`${what}: "${word}" is not a hex byte`);
    return parseInt(word, 16);
  });
}

/**
 * Runs byte code with the address of `memory` in r1 (0 where there is none) and its length in r2.
 *
 * @returns r0 as an unsigned 64-bit number
 * @throws ConformanceError, ByteCodeError or RangeError where the program cannot be run, or faults
 */
export function runConformance(byteCode: Uint8Array, initialMemory: Uint8Array): bigint {
  const insns = decode(byteCode);
  validate(insns);
  insns.forEach((insn, index) => {
    if (isWide(insn) && insn.src !== 0) {
      throw new ByteCodeError(`BPF_LD_IMM64 with source ${insn.src} needs an object with maps or functions`, index);
    }
  });
  const size = kernelSize([], 1), layout = layoutFor(1, 1, size.regions + 8);
  const memory = new Memory(layout, size.heapBytes + initialMemory.length + 4096);
  const kernel = new Kernel(memory, NO_OBJECT, HELPERS, { nrCpus: 1, seed: 1 });
  const context: TaskContext = { task: 0, cpu: 0, nrCpus: 1, memory, from: "program" };
  const { read, write } = REGION_FLAG;
  const stack = memory.addRegion(layout.stacks, STACK_BYTES, read | write, "the stack");
  const task = layout.tasks;
  const setRegister = (r: number, value: bigint) => memory.write(task + TASK.registers + 8 * r, 8, value);
  if (initialMemory.length > 0) {
    const at = memory.allocate(initialMemory.length);
    memory.bytes.set(initialMemory, at);
    setRegister(1, memory.pointer(memory.addRegion(at, initialMemory.length, read | write, "the memory"), at));
    setRegister(2, BigInt(initialMemory.length));
  }
  setRegister(10, memory.pointer(stack, layout.stacks + STACK_FRAME_BYTES));
  const translation = translate(insns, [0], { layout });
  const step = instantiate(translation, memory);
  memory.setU32(task + TASK.pending, translation.entryBlock(0) << 8);
  memory.setU32(task + TASK.fuel, 10_000_000);
  for (let ran = 0; ran < MAX_INSNS_RUN;) {
    const result = step(task), insn = memory.getU32(task + TASK.insn);
    ran += result >>> 4;
    switch (result & 15) {
      case KIND.exit:
        return memory.read(task + TASK.registers, 8);
      case KIND.fault:
        throw new ByteCodeError(explainFault(memory, insns[insn], memory.read(task + TASK.faultPointer, 8)), insn);
      case KIND.call:
        setRegister(0, callHelper(kernel, context, insns, insn));
    }
  }
  throw new ConformanceError(`the program ran ${MAX_INSNS_RUN} instructions without an end`);
}

/** Performs a helper call at once: on one CPU, no other task can look in between. */
function callHelper(kernel: Kernel, context: TaskContext, insns: readonly Insn[], at: number): bigint {
  const { memory } = kernel, { imm } = insns[at];
  if (!isHelperCall(insns[at])) throw new ByteCodeError(`calls kernel function ${imm}, which only a kernel has`, at);
  const helper = kernel.helper(imm), name = kernel.helperName(imm);
  if (!helper) throw new ByteCodeError(`calls helper ${name}, which is not modelled`, at);
  const argument = (r: number) => memory.read(memory.layout.tasks + TASK.registers + 8 * r, 8);
  const result = helper(kernel, context, [argument(1), argument(2), argument(3), argument(4), argument(5)]);
  return typeof result === "bigint" ? result : runAtOnce(memory, withoutCallbacks(result, name, at));
}

/** A helper's steps, up to where it would call the program back or go over to another one. */
function* withoutCallbacks(model: Model, name: string, at: number): Model {
  let next = model.next();
  while (!next.done) {
    if (next.value.kind === "callback" || next.value.kind === "tail_call") {
      throw new ByteCodeError(`calls helper ${name}, which runs other BPF functions: that takes an object`, at);
    }
    next = model.next(yield next.value);
  }
  return next.value;
}

/**
 * Byte code of an object file's only program.
 *
 * @throws ObjectError, or ConformanceError where it has several
 */
export function byteCodeOf(object: Uint8Array): Uint8Array {
  const { programs } = loadObject(object, "the program");
  if (programs.length !== 1) {
    throw new ConformanceError(`the program: an object with ${programs.length} programs, not 1`);
  }
  return encode(programs[0].insns);
}

const RUNNER_HELP = `
The runner wants a plugin that is one file: a script will do, made executable,

    #!/bin/sh
    cd /where/interleave/is && exec deno task -q interleave conformance "$@"

    bpf_conformance_runner --test_file_directory tests --plugin_path ./that_script`;

/** The command. Empty arguments are ignored: the public runner passes one where a test has no memory. */
export function command(): Command {
  return new Command("conformance")
    .summary("plugin of the bpf_conformance project: run byte code, print r0")
    .argument("[memory...]", "initial memory as hex bytes: its address goes into r1, its length into r2")
    .option("--program <bytes>", "byte code as hex bytes; read from standard input when left out")
    .option("--elf", "the program is an object file, as hex bytes too")
    .option("--debug", "list the program on standard error")
    .addHelpText("after", RUNNER_HELP)
    .action((memory: readonly string[], options: { program?: string; elf?: boolean; debug?: boolean }) => {
      const bytes = parseHexBytes(options.program ?? readFileSync(0, "utf8"), "the program");
      const program = options.elf ? byteCodeOf(bytes) : bytes;
      if (options.debug) {
        const listed = { name: "program", section: "", subprogs: [], relocations: [], lines: [] };
        process.stderr.write(disassemble({ ...listed, insns: decode(program) }) + "\n");
      }
      const r0 = runConformance(program, parseHexBytes(memory.join(" "), "the memory"));
      process.stdout.write(r0.toString(16) + "\n");
    });
}
