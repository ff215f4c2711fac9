/**
 * PERF_EVENT_ARRAY maps as user space's perf_buffer has them (tools/lib/bpf/libbpf.c:perf_buffer__new): one event for each
 * CPU, each with a buffer of its own (kernel/events/ring_buffer.c).
 */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { PAGE_BYTES } from "../uapi/ringbuf.ts";
import { IndexedMap, keyBytes } from "./array.ts";
import { errno } from "./errno.ts";
import type { Found, MapEntry, MapEnvironment } from "./kernel_map.ts";
import { bytesToNumber, numberToBytes, roundUp8 } from "./words.ts";

/** Pages of each CPU's buffer: user space chooses them, and with them how soon records are lost. */
export const PERF_BUFFER_PAGES = 8;
const DATA_BYTES = PERF_BUFFER_PAGES * PAGE_BYTES;

/**
 * Of each CPU: data_head, data_tail, how many records were lost since the last that was not, then the data, and behind
 * them once more what a record at their end has at their beginning, so that each record can be read in one piece.
 */
const RB = { data_head: 0, data_tail: 8, lost: 16, data: 64, bytes: 64 + 2 * DATA_BYTES } as const;

const PERF_RECORD_LOST = 2, PERF_RECORD_SAMPLE = 9;
/** struct perf_event_header: type (4 bytes), misc, size (2 bytes); a LOST record has an id and a count behind it. */
const HEADER_BYTES = 8, LOST_BYTES = 24, SIZE = 6;

const BPF_F_INDEX_MASK = 0xffff_ffffn;

/** What user space gets from a buffer: a record, or word of how many are lost. */
export type PerfRecord =
  | { readonly cpu: number; readonly data: Uint8Array }
  | { readonly cpu: number; readonly lost: bigint };

export class PerfEventArrayMap extends IndexedMap {
  readonly #buffers: number;

  constructor(given: MapDef, index: number, environment: MapEnvironment) {
    // tools/lib/bpf/libbpf.c:bpf_object__create_maps: as many as there are CPUs where the object does not say.
    const def = { ...given, maxEntries: given.maxEntries || environment.nrCpus };
    super(def, index, environment);
    this.#buffers = this.allocate(environment.nrCpus * RB.bytes, (offset) => {
      const inside = offset % RB.bytes, at = `@cpu${Math.floor(offset / RB.bytes)}`;
      if (inside >= RB.data) return { name: `${def.name}.data+${inside - RB.data}${at}`, touches: "record" };
      const field = inside < RB.data_tail ? "data_head" : inside < RB.lost ? "data_tail" : "lost";
      return { name: `${def.name}.${field}${at}`, touches: "ring" };
    });
  }

  initialize(): void {}

  /**
   * kernel/trace/bpf_trace.c:__bpf_perf_event_output: 0n or -errno. A CPU writes its own buffer only, and user space sees
   * nothing of a record before data_head moves past it: so all of it is one step.
   */
  *output(ctx: TaskContext, flags: bigint, bytes: Uint8Array): Model {
    const asked = flags & BPF_F_INDEX_MASK, index = asked === BPF_F_INDEX_MASK ? BigInt(ctx.cpu) : asked;
    if (index >= BigInt(this.def.maxEntries)) return errno("E2BIG");
    if (index >= BigInt(this.environment.nrCpus)) return errno("ENOENT");
    if (index !== BigInt(ctx.cpu)) return errno("EOPNOTSUPP");
    const rb = this.#rb(ctx.cpu);
    yield { kind: "work", what: "copy", amount: Math.ceil(bytes.length / 8) };
    return yield {
      kind: "atomic",
      addr: rb + RB.data_head,
      label: "perf_event_output",
      run: (memory) => this.#perf_output(memory, rb, bytes),
    };
  }

  /** kernel/events/ring_buffer.c:__perf_output_begin, kernel/events/core.c:perf_output_sample with PERF_SAMPLE_RAW. */
  #perf_output(memory: Memory, rb: number, bytes: Uint8Array): bigint {
    const lost = memory.read(rb + RB.lost, 8), head = memory.read(rb + RB.data_head, 8);
    const tail = memory.read(rb + RB.data_tail, 8), sampleBytes = HEADER_BYTES + roundUp8(4 + bytes.length);
    const size = sampleBytes + (lost > 0n ? LOST_BYTES : 0);
    // include/linux/circ_buf.h:CIRC_SPACE
    if (Number((tail - (head + 1n)) & BigInt(DATA_BYTES - 1)) < size) {
      memory.write(rb + RB.lost, 8, lost + 1n);
      return errno("ENOSPC");
    }
    let at = head;
    const put = (record: Uint8Array) => {
      const offset = Number(at % BigInt(DATA_BYTES)), data = rb + RB.data;
      memory.writeBytes(data + offset, record);
      if (offset + record.length > DATA_BYTES) memory.writeBytes(data, record.subarray(DATA_BYTES - offset));
      at += BigInt(record.length);
    };
    if (lost > 0n) {
      const record = recordOf(PERF_RECORD_LOST, LOST_BYTES);
      record.setBigUint64(HEADER_BYTES + 8, lost, true);
      put(new Uint8Array(record.buffer));
      memory.write(rb + RB.lost, 8, 0n);
    }
    const record = recordOf(PERF_RECORD_SAMPLE, sampleBytes), sample = new Uint8Array(record.buffer);
    record.setUint32(HEADER_BYTES, sampleBytes - HEADER_BYTES - 4, true);
    sample.set(bytes, HEADER_BYTES + 4);
    put(sample);
    memory.write(rb + RB.data_head, 8, at);
    return 0n;
  }

  /** tools/lib/bpf/libbpf.c:perf_buffer__consume: one CPU's buffer after another, each up to what its data_head says. */
  *consume(): Model<PerfRecord[]> {
    const records: PerfRecord[] = [];
    for (let cpu = 0; cpu < this.environment.nrCpus; cpu++) {
      const rb = this.#rb(cpu), head = yield { ...load(rb + RB.data_head, 8, "data_head"), mapped: true };
      const tail = yield { ...load(rb + RB.data_tail, 8, "data_tail", true), mapped: true };
      if (head === tail) continue;
      // The CPU writes beyond data_head only, and not past data_tail.
      const size = Number(head - tail), from = this.#dataAt(cpu, tail), first = this.#dataAt(cpu, 0n);
      const number = yield {
        kind: "private",
        run: ({ bytes }) =>
          bytesToNumber(Uint8Array.from({ length: size }, (_, i) => bytes[first + (from - first + i) % DATA_BYTES])),
      };
      records.push(...recordsIn(numberToBytes(number, size), cpu));
      yield { ...store(rb + RB.data_tail, 8, head, "data_tail"), mapped: true };
    }
    return records;
  }

  map_lookup_elem(): bigint {
    return 0n;
  }
  /** Programs may not change it: the verifier sees to that. User space puts events in, which perf_buffer__new has done. */
  *map_update_elem(): Model {
    return errno("EINVAL");
  }
  *bpf_map_copy_value(): Model<Found> {
    return errno("ENOTSUPP");
  }

  /** What each CPU's buffer holds, and what it lost. */
  *entries(memory: Memory): Iterable<MapEntry> {
    for (let cpu = 0; cpu < this.environment.nrCpus; cpu++) {
      const rb = this.#rb(cpu), head = memory.read(rb + RB.data_head, 8);
      if (memory.read(rb + RB.lost, 8) > 0n) {
        yield { key: keyBytes(0), field: ".lost", addr: rb + RB.lost, size: 8, cpu };
      }
      let number = 0;
      for (let at = memory.read(rb + RB.data_tail, 8); at < head;) {
        const start = this.#dataAt(cpu, at), size = memory.view.getUint16(start + SIZE, true);
        // Of a record the data, of word of lost ones the count.
        const skip = memory.getU32(start) === PERF_RECORD_LOST ? HEADER_BYTES + 8 : HEADER_BYTES + 4;
        const field = memory.getU32(start) === PERF_RECORD_LOST ? `[${number}].lost` : undefined;
        yield { key: keyBytes(number++), addr: start + skip, size: size - skip, cpu, field };
        at += BigInt(size);
      }
    }
  }

  #rb(cpu: number): number {
    return this.#buffers + cpu * RB.bytes;
  }

  #dataAt(cpu: number, position: bigint): number {
    return this.#rb(cpu) + RB.data + Number(position % BigInt(DATA_BYTES));
  }
}

function* recordsIn(bytes: Uint8Array, cpu: number): Iterable<PerfRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at < bytes.length; at += view.getUint16(at + SIZE, true)) {
    const body = at + HEADER_BYTES;
    if (view.getUint32(at, true) === PERF_RECORD_LOST) yield { cpu, lost: view.getBigUint64(body + 8, true) };
    else yield { cpu, data: bytes.slice(body + 4, body + 4 + view.getUint32(body, true)) };
  }
}

/** A record with its header, else zero. */
function recordOf(type: number, size: number): DataView {
  const record = new DataView(new ArrayBuffer(size));
  record.setUint32(0, type, true);
  record.setUint16(SIZE, size, true);
  return record;
}
