/**
 * A litmus test on threads of this computer: its columns as WebAssembly in shared memory.
 *
 * What that shows: plain loads and stores become plain WebAssembly accesses, which the engine's compiler and the CPU may
 * reorder; atomics, load-acquire and store-release become WebAssembly's atomics, which are sequentially consistent and
 * stronger than the model asks for. So it can show too little of what a machine does, never more than plain accesses may.
 */
import type { BpfObject, Program } from "../../object/bpf_object.ts";
import { EXIT, load, setRegister, store } from "../../search/litmus/instructions.ts";
import { Assembler } from "../../search/litmus/column.ts";
import type { Column, LitmusFile } from "../../search/litmus/litmus_file.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import { planTasks } from "../../workload/plan.ts";
import { ThreadSession } from "../threads/session.ts";
import { allowedCpus } from "../thread_control.ts";
import { Arrays, TURNS } from "./arrays.ts";
import type { LitmusMachine } from "./machine.ts";
import { appendTurn } from "./turn.ts";

/** A thread counts its turns beside the counter that it shows the others. */
const TURN_WORD = 8;
/** r1 += 1 */
const NEXT_TURN = { opcode: 0x07, dst: 1, src: 0, off: 0, imm: 1 };

export async function litmusOnThreads(file: LitmusFile, arrays: Arrays): Promise<LitmusMachine> {
  const cpus = allowedCpus().length, threads = file.columns.length;
  const programs = file.columns.map((column) => programOf(file, column, arrays, threads <= cpus));
  const data = { section: ".data", bytes: arrays.initial(), variables: [], readonly: false };
  const map = {
    name: ".data",
    type: BPF_MAP_TYPE.ARRAY,
    keySize: 4,
    valueSize: arrays.bytes,
    maxEntries: 1,
    flags: 0,
    data,
  };
  const object: BpfObject = { name: file.name, bytes: new Uint8Array(), programs, maps: [map], license: "GPL" };
  const plan = planTasks(object, {
    cpus: Math.min(cpus, threads),
    programs: programs.map(({ name }, thread) => ({ prog: name, cpus: [thread % cpus], invocations: TURNS })),
    verify: false,
  });
  const session = await ThreadSession.start(plan),
    shared = threads > cpus ? `, ${threads} threads on ${cpus} CPUs` : "";
  return {
    on: `threads of this computer (WebAssembly: plain accesses, and sequentially consistent atomics)${shared}`,
    async run() {
      session.reset();
      await session.run(plan.tasks, new Map());
      return session.dataOf(0, arrays.bytes);
    },
    [Symbol.dispose]: () => session.close(),
  };
}

function programOf(file: LitmusFile, column: Column, arrays: Arrays, waits: boolean): Program {
  const assembler = new Assembler(file, column), { insns, relocations } = assembler, name = `P${column.proc}`;
  assembler.loadAddress(2, Arrays.counter(file.columns.indexOf(column)));
  insns.push(load(1, 2, TURN_WORD), NEXT_TURN, store(2, 1, TURN_WORD), { ...NEXT_TURN, imm: -1 });
  appendTurn(assembler, file, column, arrays, (of, register, offset) => of.loadAddress(register, offset), waits);
  insns.push(...setRegister(0, 0n), EXIT);
  const subprogs = [{ name, start: 0, end: insns.length, global: true }];
  return { name, section: "raw_tp", insns, subprogs, relocations, lines: [] };
}
