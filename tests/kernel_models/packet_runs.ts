/** One run of a program on one packet: in the simulator, and by BPF_PROG_RUN on the running kernel. */
import { KernelObject } from "../../lib/backends/linux/kernel_object.ts";
import { addressOf as nativeAddress, libbpf, options } from "../../lib/backends/linux/libbpf.ts";
import { TASK } from "../../lib/cpu/layout.ts";
import { addressOf } from "../../lib/cpu/memory.ts";
import { Packet } from "../../lib/cpu/packet.ts";
import { Machine } from "../../lib/machine/machine.ts";
import { ArrayMap } from "../../lib/maps/array.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { planTasks } from "../../lib/workload/plan.ts";

/** What a run comes to: r0, the packet, and the listing's zero-initialised variables. */
export interface PacketRun {
  readonly returned: number;
  readonly packet: Uint8Array;
  readonly bss: Uint8Array;
}

export function simulated(object: BpfObject, prog: string, bytes: Uint8Array, bss: Uint8Array): PacketRun {
  const programs = [{ prog, packets: [bytes] }];
  const machine = new Machine(planTasks(object, { cpus: 1, invocations: 1, programs }), {
    onPrepared: (kernel) => kernel.memory.bytes.set(bss, bssOf(kernel.maps)),
  });
  while (machine.isEnabled(0)) machine.step(0);
  if (machine.fault) throw new Error(`${prog}: ${machine.fault.message} (${machine.fault.text})`);
  const { memory, tasks: [task] } = machine, at = bssOf(machine.kernel.maps);
  const packet = Packet.of(memory, task.ctx)!;
  return {
    returned: memory.getU32(task.record + TASK.lastReturn),
    // What an XDP program put before the packet comes out, too.
    packet: memory.bytes.slice(packet.dataMeta, packet.dataEnd),
    bss: memory.bytes.slice(at, at + bss.length),
  };
}

function bssOf(maps: Machine["kernel"]["maps"]): number {
  const map = maps.find(({ def }) => def.data?.section === ".bss");
  if (!(map instanceof ArrayMap)) throw new Error("the listing has no .bss");
  return addressOf(map.valuePointer(0));
}

/** Offsets of struct bpf_test_run_opts (tools/lib/bpf/bpf.h). */
const OPTS = { bytes: 80, dataIn: 8, dataOut: 16, sizeIn: 24, sizeOut: 28, retval: 56, repeat: 60 } as const;
const MOST_OUT = 8192;

/** The listing's packet programs in the running kernel, until it is closed. */
export class KernelPackets implements Disposable {
  readonly #object: KernelObject;

  constructor(object: BpfObject, progs: readonly string[]) {
    this.#object = new KernelObject(object);
    const { errno, log, messages } = this.#object.load(progs);
    if (errno !== 0) throw new Error(`the kernel refuses the listing: ${log || messages}`);
  }

  run(prog: string, packet: Uint8Array, bss: Uint8Array): PacketRun {
    const fd = libbpf().bpf_program__fd(this.#object.program(prog).handle), key = new Uint8Array(4);
    const map = this.#object.maps().find(({ name }) => name === ".bss")!;
    const input = new Uint8Array(packet), out = new Uint8Array(MOST_OUT), value = new Uint8Array(map.valueSize);
    value.set(bss);
    libbpf().bpf_map_update_elem(map.fd, key, value, 0n);
    const opts = options(OPTS.bytes, [
      [OPTS.dataIn, 8, nativeAddress(input)],
      [OPTS.dataOut, 8, nativeAddress(out)],
      [OPTS.sizeIn, 4, input.length],
      [OPTS.sizeOut, 4, out.length],
      [OPTS.repeat, 4, 1],
    ]);
    const failed = libbpf().bpf_prog_test_run_opts(fd, opts);
    if (failed !== 0) throw new Error(`BPF_PROG_RUN of ${prog}: ${failed}`);
    libbpf().bpf_map_lookup_elem_flags(map.fd, key, value, 0n);
    const view = new DataView(opts.buffer), length = view.getUint32(OPTS.sizeOut, true);
    return {
      returned: view.getUint32(OPTS.retval, true),
      packet: out.slice(0, length),
      bss: value.slice(0, bss.length),
    };
  }

  [Symbol.dispose](): void {
    this.#object.close();
  }
}
