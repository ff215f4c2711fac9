/** Ring buffers: against a plain ring of bytes, over every schedule, and beside the running kernel. */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { addressOf } from "../../lib/cpu/memory.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import { ringbuf_process_ring } from "../../lib/maps/ring_consumer.ts";
import type { RingbufMap } from "../../lib/maps/ringbuf.ts";
import { runAtOnce } from "../../lib/maps/run_at_once.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { explore } from "../../lib/search/explore.ts";
import { BPF_MAP_TYPE } from "../../lib/uapi/map_types.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { context, makeKernel, map, objectOf } from "../kernel_models/driver.ts";

const RING = 4096;

/** A ring of bytes that wraps: what a ring buffer is when nothing interferes. */
class PlainRing {
  readonly bytes = new Uint8Array(RING);
  readonly records: { at: number; size: number; state: "busy" | "done" | "discarded" }[] = [];
  produced = 0;
  consumed = 0;

  reserve(size: number): boolean {
    const next = this.produced + Math.ceil((size + 8) / 8) * 8;
    if (next - this.consumed >= RING) return false;
    const header = new Uint8Array(
      new Uint32Array([size | 0x8000_0000, 3 + Math.floor(this.produced % RING / RING)]).buffer,
    );
    this.write(this.produced, header);
    this.records.push({ at: this.produced, size, state: "busy" });
    this.produced = next;
    return true;
  }

  commit(index: number, discard: boolean): void {
    const record = this.records.filter(({ state }) => state === "busy")[index];
    record.state = discard ? "discarded" : "done";
    const length = (record.size | (discard ? 0x4000_0000 : 0)) >>> 0;
    this.write(record.at, new Uint8Array(new Uint32Array([length]).buffer));
  }

  consume(): Uint8Array[] {
    const found: Uint8Array[] = [];
    while (this.records.length > 0 && this.records[0].state !== "busy") {
      const { at, size, state } = this.records.shift()!;
      if (state === "done") found.push(this.read(at + 8, size));
      this.consumed = at + Math.ceil((size + 8) / 8) * 8;
    }
    return found;
  }

  read(at: number, size: number): Uint8Array {
    return Uint8Array.from({ length: size }, (_, i) => this.bytes[(at + i) % RING]);
  }

  write(at: number, bytes: Uint8Array): void {
    bytes.forEach((byte, i) => this.bytes[(at + i) % RING] = byte);
  }
}

type Op =
  | { readonly op: "reserve"; readonly size: number; readonly fill: number }
  | { readonly op: "commit"; readonly which: number; readonly discard: boolean }
  | { readonly op: "output"; readonly size: number; readonly fill: number }
  | { readonly op: "consume" };

const size = fc.oneof(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 900, max: 1500 }), fc.nat(4200));
const anyOp: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ op: fc.constant("reserve" as const), size, fill: fc.nat(255) }),
  fc.record({ op: fc.constant("commit" as const), which: fc.nat(2), discard: fc.boolean() }),
  fc.record({ op: fc.constant("commit" as const), which: fc.constant(0), discard: fc.boolean() }),
  fc.record({ op: fc.constant("output" as const), size, fill: fc.nat(255) }),
  fc.record({ op: fc.constant("consume" as const) }),
);

const pattern = (size: number, fill: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => fill + i);

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe("a ring buffer is a ring of bytes", () => {
  it("whatever is reserved, written, submitted, discarded and consumed, in any order", () => {
    let wrapped = 0, refused = 0;
    fc.assert(
      fc.property(fc.array(anyOp, { minLength: 40, maxLength: 120, size: "max" }), (ops) => {
        const def = map("ring", BPF_MAP_TYPE.RINGBUF, { keySize: 0, valueSize: 0, maxEntries: RING });
        const kernel = makeKernel(objectOf([def]), 1), { memory } = kernel, ring = kernel.maps[0] as RingbufMap;
        const ctx = context(kernel, 0), plain = new PlainRing(), held: bigint[] = [];
        const run = <T>(model: Model<T>): T => runAtOnce(memory, model);
        for (const op of ops) {
          if (op.op === "reserve") {
            const at = plain.produced, fits = plain.reserve(op.size), sample = run(ring.reserve(ctx, BigInt(op.size)));
            expect(sample !== 0n).toBe(fits);
            if (!fits) refused++;
            if (!fits) continue;
            const addr = addressOf(sample);
            // What an earlier record left there is still there.
            expect(same(memory.bytes.subarray(addr, addr + op.size), plain.read(at + 8, op.size))).toBe(true);
            if (at % RING + op.size + 8 > RING) wrapped++;
            memory.writeBytes(addr, pattern(op.size, op.fill));
            plain.write(at + 8, pattern(op.size, op.fill));
            held.push(sample);
          } else if (op.op === "commit") {
            if (op.which >= held.length) continue;
            plain.commit(op.which, op.discard);
            run(ring.commit(held.splice(op.which, 1)[0], 0n, op.discard));
          } else if (op.op === "output") {
            const at = plain.produced, bytes = pattern(op.size, op.fill), fits = plain.reserve(op.size);
            expect(run(ring.output(ctx, { bytes }, op.size, 0n))).toBe(fits ? 0n : -11n);
            if (!fits) continue;
            plain.write(at + 8, bytes);
            plain.commit(held.length, false);
          } else {
            const found = run(ringbuf_process_ring(ring)), expected = plain.consume();
            expect(found.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
            expect(found.every((bytes, i) => same(bytes, expected[i]))).toBe(true);
          }
          expect([run(ring.query(3n)), run(ring.query(2n)), run(ring.query(0n))].map(Number))
            .toEqual([plain.produced, plain.consumed, plain.produced - plain.consumed]);
        }
      }),
      { numRuns: 100 },
    );
    expect(wrapped).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(20);
  });
});

const producers = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
struct event { __u32 who, again; };
struct event *unused __attribute__((unused));
static int emit(__u32 who, __u64 flags) {
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) return 1;
	e->who = who;
	e->again = who;
	bpf_ringbuf_submit(e, flags);
	return 0;
}
SEC("raw_tp") int first(void *ctx) { return emit(1, 0); }
SEC("raw_tp") int second(void *ctx) { return emit(2, 0); }
SEC("raw_tp") int quiet(void *ctx) { return emit(3, BPF_RB_NO_WAKEUP); }
SEC("perf_event") int sampled(void *ctx) { return emit(4, 0); }
`;
const twoProducers = [
  { prog: "first", cpus: [0], invocations: 1 },
  { prog: "second", cpus: [1], invocations: 1 },
];
type Event = { who: bigint; again: bigint };

describe("every schedule of two producers and a consumer", () => {
  it("no record is torn, none is lost, and they come in the order of their positions", async () => {
    const all = await explore(producers, {
      programs: twoProducers,
      user: [{
        name: "reader",
        *body(user: UserApi) {
          const seen: string[] = [];
          while (seen.length < 2) {
            for (const { who, again } of yield* user.ringBufferPoll<Event>("events", -1, "event")) {
              seen.push(`${who}${again}`);
            }
          }
          return seen.join(" ");
        },
      }],
    });
    expect(all.complete).toBe(true);
    expect(all.stuck).toEqual([]);
    expect(all.outcomes.map(({ returned }) => returned?.reader).sort()).toEqual(["11 22", "22 11"]);
    expect(new Set(all.outcomes.map(({ values }) => values["events.consumer_pos"]))).toEqual(new Set([32n]));
  });

  it("one look finds a prefix of what comes: a record behind one that is being written is not seen", async () => {
    const all = await explore(producers, {
      programs: twoProducers,
      user: [{
        name: "reader",
        *body(user: UserApi) {
          return (yield* user.ringBufferConsume<Event>("events", "event")).map(({ who }) => who).join(" ");
        },
      }],
    });
    const who = (event: bigint | string) => String(Number(event) % 2 ** 32);
    const ends = all.outcomes.map(({ returned, values }) => {
      const left = ["events[0]", "events[1]"].filter((name) => name in values).map((name) => who(values[name]));
      return `${returned?.reader} | ${left.join(" ")}`;
    });
    // Both orders, and of each no record, the first, or both.
    expect(ends.sort()).toEqual([" | 1 2", " | 2 1", "1 | 2", "1 2 | ", "2 | 1", "2 1 | "].sort());
  });

  it("a consumer that is not woken sleeps on: BPF_RB_NO_WAKEUP", async () => {
    const waits = (prog: string) =>
      explore(producers, {
        programs: [{ prog, cpus: [0], invocations: 1 }],
        user: [{
          name: "reader",
          *body(user: UserApi) {
            return (yield* user.ringBufferPoll("events")).length;
          },
        }],
      });
    expect((await waits("first")).outcomes.map(({ returned }) => returned?.reader)).toEqual([1]);
    const quiet = await waits("quiet");
    expect(quiet.outcomes).toEqual([]);
    expect(quiet.deadlocks.length).toBeGreaterThan(0);
  });

  it("an NMI that strikes under the ring's lock gets no room: -EDEADLK of the resilient lock", async () => {
    const all = await explore(producers, {
      programs: [{ prog: "first", cpus: [0], invocations: 1 }],
      interrupts: [{ prog: "sampled", cpu: 0, kind: "nmi" }],
    });
    const records = all.outcomes.map(({ values }) =>
      [values["events[0]"], values["events[1]"]].filter((e) => e).length
    );
    expect([...new Set(records)].sort()).toEqual([1, 2]);
  });
});

describe("a full ring", () => {
  it("stays full behind a record that is still being written, wherever a consumer says that it is", () => {
    const def = map("ring", BPF_MAP_TYPE.RINGBUF, { keySize: 0, valueSize: 0, maxEntries: RING });
    const kernel = makeKernel(objectOf([def]), 1), { memory } = kernel, ring = kernel.maps[0] as RingbufMap;
    const reserve = () => runAtOnce(memory, ring.reserve(context(kernel, 0), 3000n));
    const sample = reserve();
    memory.write(ring.consumerPos, 8, memory.read(ring.producerPos, 8));
    expect(reserve()).toBe(0n);
    runAtOnce(memory, ring.commit(sample, 0n, false));
    expect(reserve()).not.toBe(0n);
  });

  it("holds as many records as fit, and the program sees what is lost", async () => {
    const object = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
long lost;
SEC("raw_tp") int emit(void *ctx) {
	char *e = bpf_ringbuf_reserve(&events, 1000, 0);
	if (!e) { __sync_fetch_and_add(&lost, 1); return 0; }
	bpf_ringbuf_submit(e, 0);
	return 0;
}
`;
    // A record takes 1,008 bytes, and the ring is never filled to its last byte.
    const { final } = await simulate(object, { cpus: 3, invocations: 5, seed: 3 });
    expect([final.lost, final["events.producer_pos"]]).toEqual([11n, 4n * 1008n]);
  });
});

const calls = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 5000); } events SEC(".maps");
char data[2048];
long result, queried;
SEC("raw_tp") int output(__u64 *ctx) {
	__u64 size = ctx[0];
	data[0] = ctx[2];
	data[1024] = ctx[2] + 1;
	if (size <= sizeof(data)) result = bpf_ringbuf_output(&events, data, size, ctx[1]);
	return 0;
}
SEC("raw_tp") int query(__u64 *ctx) { queried = bpf_ringbuf_query(&events, ctx[0]); return 0; }
#define RESERVE(name, bytes) \
	SEC("raw_tp") int name(__u64 *ctx) { \
		char *e = bpf_ringbuf_reserve(&events, bytes, ctx[0]); \
		result = !!e; \
		if (!e) return 0; \
		e[0] = ctx[2]; \
		if (ctx[1] & 4) bpf_ringbuf_discard(e, ctx[1] & 3); else bpf_ringbuf_submit(e, ctx[1]); \
		return 0; \
	}
RESERVE(reserve1, 1)
RESERVE(reserve3000, 3000)
RESERVE(reserve8184, 8184)
RESERVE(reserve9000, 9000)
`;
const args = (...numbers: number[]): Uint8Array => new Uint8Array(new BigUint64Array(numbers.map(BigInt)).buffer);

type Call = { readonly prog: string; readonly args: number[] } | { readonly consume: "consume" | "poll" };
const flags = fc.constantFrom(0, 1, 2, 3, 4, 8);
const anyCall: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(fc.constantFrom(0, 1, 8, 1000, 1024, 2048), flags, fc.nat(200)).map((args) => ({ prog: "output", args })),
  fc.tuple(
    fc.constantFrom("reserve1", "reserve3000", "reserve8184", "reserve9000"),
    fc.constantFrom(0, 0, 0, 1),
    fc.nat(7),
    fc.nat(200),
  )
    .map(([prog, ...args]) => ({ prog, args })),
  fc.constantFrom(0, 1, 2, 3, 4).map((what) => ({ prog: "query", args: [what] })),
  fc.constantFrom("consume" as const, "poll" as const).map((consume) => ({ consume })),
);

const body = (calls: readonly Call[]) =>
  function* (user: UserApi): Model<unknown> {
    const results: unknown[] = [];
    const digest = (records: Uint8Array[]) => records.map((bytes) => [bytes.length, bytes[0], bytes[1024]]);
    for (const call of calls) {
      if ("consume" in call) {
        results.push(
          digest(
            yield* call.consume === "consume" ? user.ringBufferConsume("events") : user.ringBufferPoll("events", 0),
          ),
        );
      } else {
        yield* user.run(call.prog, { ctx: args(...call.args) });
        results.push(yield* user.readGlobal(call.prog === "query" ? "queried" : "result"));
      }
    }
    return results;
  };

describe("ring buffers, simulator and running kernel", () => {
  const availability = linuxAvailable(), agreement = new KernelAgreement("calls of ring buffers");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip;
  test(`any sequence of calls${availability.available ? "" : ` (skipped: ${availability.reason})`}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { minLength: 40, maxLength: 80, size: "max" }), async (sequence) => {
        const user = [{ name: "it", body: body(sequence) }];
        const programs = ["output", "query", "reserve1", "reserve3000", "reserve8184", "reserve9000"]
          .map((prog) => ({ prog, cpus: [0], invocations: 0 }));
        const simulated = await simulate(calls, { cpus: 1, programs, user });
        await agreement.values(JSON.stringify(sequence), async () => {
          const real = await runOnLinux(calls, { cpus: 1, programs, user, exact: true });
          expect(simulated.returned.it).toEqual(real.returned.it);
          expect(simulated.final).toEqual(real.final);
        });
      }),
      { numRuns: 5 },
    );
  });
});
