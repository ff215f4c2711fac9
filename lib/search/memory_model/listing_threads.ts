/**
 * A workload of C programs as threads for an axiomatic model. It can judge what a program does to global variables by
 * its own instructions; whatever the kernel would do for it (helpers, maps, interrupts, user space) has no rules there.
 */
import {
  accessBytes,
  isBpfCall,
  isCall,
  isHelperCall,
  isJump,
  isMemoryAccess,
  isWide,
  jumpTarget,
} from "../../isa/insn.ts";
import { disassembleInsn } from "../../isa/disassemble.ts";
import { lineOf, type Program } from "../../object/bpf_object.ts";
import { BPF_FUNC, helperName } from "../../uapi/helpers.ts";
import type { Plan, PlannedTask } from "../../workload/plan.ts";
import type { Threads } from "./executions.ts";
import { PrivateStack } from "./private_stack.ts";
import { type Region, regionBase, SharedMemory } from "./shared_memory.ts";
import { ModelRefusal, type Step, type ThreadCode } from "./thread_code.ts";

/** Bytes of a context; what the reader gives less is zero. */
const CTX_BYTES = 256;

/**
 * @param initial what each global data section holds before any program runs, by index of its map
 * @throws ModelRefusal with what the model has no rules for
 */
export function listingThreads(plan: Plan, initial: ReadonlyMap<number, Uint8Array>): Threads {
  refuseCompany(plan);
  const { object, tasks } = plan, regions: Region[] = [], byMap = new Map<number, Region>();
  const add = (region: Omit<Region, "base">) => {
    const made = { ...region, base: regionBase(regions.length) };
    regions.push(made);
    return made;
  };
  object.maps.forEach(({ data }, map) => {
    if (!data) return;
    const nameOf = (offset: number) => {
      const variable = data.variables.find((one) => one.offset <= offset && offset < one.offset + one.size);
      if (!variable) return `${data.section}+${offset}`;
      return offset === variable.offset ? variable.name : `${variable.name}+${offset - variable.offset}`;
    };
    byMap.set(map, add({ name: data.section, bytes: initial.get(map) ?? data.bytes, readonly: data.readonly, nameOf }));
  });
  const threads = tasks.map((task): ThreadCode => {
    const program = plan.programs.find(({ name }) => name === task.prog)!, ctx = new Uint8Array(CTX_BYTES);
    ctx.set((task.ctx ?? new Uint8Array()).subarray(0, CTX_BYTES));
    const registers = Array<bigint>(11).fill(0n);
    registers[1] = add({ name: `the context of ${task.name}`, bytes: ctx, readonly: true }).base;
    registers[10] = PrivateStack.top;
    return {
      name: tasks.length > 1 ? `${task.prog} on ${task.name}` : task.prog!,
      steps: stepsOf(program, task, byMap),
      registers,
    };
  });
  const invocations = tasks.map((task) => task.invocations);
  return { threads, memory: new SharedMemory(regions), invocations, outside: "refuse" };
}

function refuseCompany({ tasks }: Plan): void {
  const odd = tasks.find(({ kind }) => kind !== "process");
  if (odd) {
    const what = odd.kind === "user" ? "user space's system calls" : "interrupts";
    throw new ModelRefusal(`${odd.name}: the model has no rules for ${what}, only for programs on CPUs of their own`);
  }
  const cpus = new Set<number>();
  for (const { cpu, prog } of tasks) {
    if (cpus.has(cpu)) {
      throw new ModelRefusal(`${prog} shares CPU ${cpu} with another task: the model knows one for each CPU`);
    }
    cpus.add(cpu);
  }
}

/** Characters of a C line that stand beside an instruction. */
const MOST_CHARACTERS = 44;

const shortened = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 3)}...`;

function stepsOf(program: Program, task: PlannedTask, regions: ReadonlyMap<number, Region>): Step[] {
  return program.insns.map((insn, index): Step => {
    const line = lineOf(program, index), source = line && shortened(line.text.trim()), assembly = disassembleInsn(insn);
    const step = {
      insn,
      line: line?.line,
      text: source ? `${source}  [${index}: ${assembly}]` : `${index}: ${assembly}`,
    };
    const refuse = (reason: string): never => {
      throw new ModelRefusal(`${program.name}${line ? `, line ${line.line}` : ""}: ${reason}`);
    };
    if (isHelperCall(insn)) {
      if (insn.imm === BPF_FUNC.get_smp_processor_id) {
        return { ...step, insn: { opcode: 0xb7, dst: 0, src: 0, off: 0, imm: task.cpu } };
      }
      return refuse(
        `${helperName(insn.imm) ?? `helper ${insn.imm}`} takes part, and the model knows plain instructions only`,
      );
    }
    if (isBpfCall(insn)) return { ...step, target: index + 1 + insn.imm };
    if (isCall(insn)) return refuse("a kernel function takes part, and the model knows plain instructions only");
    if (isMemoryAccess(insn)) return { ...step, bytes: accessBytes(insn) };
    if (isJump(insn)) return { ...step, target: jumpTarget(insn, index) };
    if (!isWide(insn)) return step;
    const relocation = program.relocations.find((one) => one.insn === index);
    if (!relocation) return { ...step, constant: insn.imm64 };
    if (relocation.kind !== "mapValue") {
      return refuse(`a ${relocation.kind === "map" ? "map" : relocation.kind} takes part: global variables only`);
    }
    const region = regions.get(relocation.map);
    return region
      ? { ...step, constant: region.base + BigInt(relocation.offset) }
      : refuse("an unknown section of variables");
  });
}
