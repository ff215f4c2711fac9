/** PERF_EVENT_ARRAYs: what fits, what is lost, over every schedule, and beside the running kernel. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import type { UserPerfRecord } from "../../lib/maps/user_values.ts";
import { explore } from "../../lib/search/explore.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const object = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
char data[2048];
long result;
SEC("raw_tp") int output(__u64 *ctx) {
	__u64 size = ctx[0];
	data[0] = ctx[2];
	if (size <= sizeof(data)) result = bpf_perf_event_output(ctx, &events, ctx[1], data, size);
	return 0;
}
SEC("raw_tp") int where(void *ctx) {
	__u32 cpu = bpf_get_smp_processor_id();
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &cpu, sizeof(cpu));
	return 0;
}
`;
const CURRENT = 0xffff_ffffn;
const args = (...numbers: (number | bigint)[]): Uint8Array =>
  new Uint8Array(new BigUint64Array(numbers.map(BigInt)).buffer);
const programs = [{ prog: "output", cpus: [0], invocations: 0 }];

type Call = "consume" | { readonly size: number; readonly flags: bigint; readonly first: number };
const body = (calls: readonly Call[]) =>
  function* (user: UserApi): Model<unknown> {
    const results: unknown[] = [];
    for (const call of calls) {
      if (call === "consume") {
        const records: UserPerfRecord<Uint8Array>[] = yield* user.perfBufferConsume("events");
        // Which CPU an actor runs on is not the workload's to say on the running kernel.
        results.push(records.map((one) => "lost" in one ? one.lost : [one.data.length, one.data[0]]));
        continue;
      }
      yield* user.run("output", { ctx: args(call.size, call.flags, call.first) });
      results.push(yield* user.readGlobal("result"));
    }
    return results;
  };

describe("a CPU's buffer", () => {
  // A record takes 8 bytes of header, and 4 of length with the data, rounded up to 8: all but one byte of the buffer is filled.
  it("holds what fits into 8 pages; what is lost is told before the next record", async () => {
    const fits = Math.floor((8 * 4096 - 1) / (8 + 1008));
    const put: Call = { size: 1000, flags: CURRENT, first: 7 };
    const calls = [...Array<Call>(fits + 5).fill(put), "consume" as const, put, "consume" as const];
    const run = await simulate(object, { cpus: 1, programs, user: [{ name: "it", body: body(calls) }] });
    const results = run.returned.it as unknown[];
    expect(results.slice(0, fits + 5)).toEqual([...Array(fits).fill(0n), ...Array(5).fill(-28n)]);
    expect(results[fits + 5]).toEqual(Array(fits).fill([1004, 7]));
    expect(results[fits + 7]).toEqual([5n, [1004, 7]]);
  });

  it("takes this CPU's records only", async () => {
    const calls: Call[] = [1n, 70n, CURRENT | 1n << 40n, CURRENT | 1n << 60n, 0n].slice(0, 2).map((flags) => ({
      size: 8,
      flags,
      first: 1,
    }));
    const run = await simulate(object, { cpus: 2, programs, user: [{ name: "it", cpu: 0, body: body(calls) }] });
    expect(run.returned.it).toEqual([-95n, -7n]);
  });
});

describe("every schedule of two CPUs and a consumer", () => {
  it("each CPU's record is there or not, the first CPU's first", async () => {
    const all = await explore(object, {
      cpus: 2,
      programs: ["where"],
      user: [{
        name: "reader",
        *body(user) {
          const records: UserPerfRecord<Uint8Array>[] = yield* user.perfBufferConsume("events");
          return records.map((one) => "data" in one ? `${one.cpu}${one.data[0]}` : "lost").join(" ");
        },
      }],
    });
    expect(all.complete).toBe(true);
    expect(all.outcomes.map(({ returned }) => returned?.reader).sort()).toEqual(["", "00", "00 11", "11"]);
  });
});

describe("perf buffers, simulator and running kernel", () => {
  const availability = linuxAvailable(), agreement = new KernelAgreement("calls of perf buffers");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip;
  const anyCall: fc.Arbitrary<Call> = fc.oneof(
    { weight: 1, arbitrary: fc.constant("consume" as const) },
    {
      weight: 12,
      arbitrary: fc.record({
        size: fc.constantFrom(1, 4, 8, 100, 2000, 2048),
        flags: fc.constantFrom(CURRENT, CURRENT, CURRENT, CURRENT, 5000n, 1n << 60n),
        first: fc.nat(255),
      }),
    },
  );
  test(`any sequence of calls${availability.available ? "" : ` (skipped: ${availability.reason})`}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { minLength: 60, maxLength: 120, size: "max" }), async (sequence) => {
        const workload = { cpus: 1, programs, user: [{ name: "it", body: body(sequence) }] };
        const simulated = await simulate(object, workload);
        await agreement.values("a sequence", async () => {
          const real = await runOnLinux(object, { ...workload, exact: true });
          expect(simulated.returned.it).toEqual(real.returned.it);
        });
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });
});
