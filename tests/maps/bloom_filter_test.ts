/** Bloom filters: their answers beside the running kernel's, and over every schedule. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import { bloomShape } from "../../lib/maps/bloom_filter.ts";
import { KernelError } from "../../lib/maps/errno.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { explore } from "../../lib/search/explore.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

/** Two filters without a seed of their own, so that the kernel's answers are known: 64 bits, and 512. */
const object = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct odd { __u8 bytes[11]; };
struct { __uint(type, BPF_MAP_TYPE_BLOOM_FILTER); __uint(max_entries, 8); __type(value, __u64); __uint(map_extra, 2); __uint(map_flags, BPF_F_ZERO_SEED); } small SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_BLOOM_FILTER); __uint(max_entries, 100); __type(value, struct odd); __uint(map_extra, 3); __uint(map_flags, BPF_F_ZERO_SEED); } large SEC(".maps");
long result;
SEC("raw_tp") int push_small(__u64 *ctx) { __u64 value = ctx[0]; result = bpf_map_push_elem(&small, &value, ctx[1]); return 0; }
SEC("raw_tp") int peek_small(__u64 *ctx) { __u64 value = ctx[0]; result = bpf_map_peek_elem(&small, &value); return 0; }
SEC("raw_tp") int push_large(__u64 *ctx) { struct odd value = {}; value.bytes[0] = ctx[0]; value.bytes[10] = 7; result = bpf_map_push_elem(&large, &value, ctx[1]); return 0; }
SEC("raw_tp") int peek_large(__u64 *ctx) { struct odd value = {}; value.bytes[0] = ctx[0]; value.bytes[10] = 7; result = bpf_map_peek_elem(&large, &value); return 0; }
`;
const NAMES = ["push_small", "peek_small", "push_large", "peek_large"];
const programs = NAMES.map((prog) => ({ prog, cpus: [0], invocations: 0 }));
const args = (...numbers: (number | bigint)[]): Uint8Array =>
  new Uint8Array(new BigUint64Array(numbers.map(BigInt)).buffer);

interface Call {
  readonly who: "program" | "user";
  readonly map: "small" | "large";
  readonly call: "push" | "peek" | "delete" | "nextKey" | "lookup and delete";
  readonly value: number;
  readonly flags: bigint;
}
const anyCall: fc.Arbitrary<Call> = fc.record({
  who: fc.constantFrom("program", "user"),
  map: fc.constantFrom("small", "large"),
  call: fc.constantFrom("push", "peek", "peek", "peek", "peek", "peek", "delete", "nextKey", "lookup and delete"),
  value: fc.nat(255),
  flags: fc.constantFrom(0n, 0n, 0n, 0n, 1n, 2n, 4n),
});

const NO_KEY = new Uint8Array();
const valueOf = ({ map, value }: Call) =>
  map === "small" ? value : { bytes: [value, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7].map(BigInt) };

function userCall(user: UserApi, call: Call): Model<unknown> {
  switch (call.call) {
    case "push":
      return user.push(call.map, valueOf(call), call.flags);
    case "peek":
      return user.peek(call.map, valueOf(call));
    case "delete":
      return user.delete(call.map, NO_KEY);
    case "nextKey":
      return user.nextKey(call.map);
    case "lookup and delete":
      return user.pop(call.map);
  }
}

const body = (calls: readonly Call[]) =>
  function* (user: UserApi): Model<unknown> {
    const results: unknown[] = [];
    for (const call of calls) {
      if (call.who === "program" && NAMES.includes(`${call.call}_${call.map}`)) {
        yield* user.run(`${call.call}_${call.map}`, { ctx: args(call.value, call.flags) });
        results.push(yield* user.readGlobal("result"));
        continue;
      }
      try {
        results.push(yield* userCall(user, call));
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        results.push(error.code);
      }
    }
    return results;
  };

describe("bloom filters", () => {
  it("have as many bits as the kernel gives them", () => {
    expect(bloomShape({ maxEntries: 1 })).toEqual({ functions: 5, bits: 64 });
    expect(bloomShape({ maxEntries: 100, extra: 3 })).toEqual({ functions: 3, bits: 512 });
    expect(bloomShape({ maxEntries: 2 ** 31, extra: 5 }).bits).toBe(2 ** 32);
  });

  it("say yes to what was pushed, whatever else was", async () => {
    const pushed = Array.from({ length: 20 }, (_, i) => i * 11);
    const run = await simulate(object, {
      cpus: 1,
      programs,
      user: [{
        name: "it",
        *body(user) {
          for (const value of pushed) yield* user.push("small", value);
          const answers: unknown[] = [];
          for (const value of pushed) answers.push(yield* user.peek("small", value));
          return answers;
        },
      }],
    });
    expect(run.returned.it).toEqual(pushed.map(BigInt));
  });
});

describe("every schedule", () => {
  const pusher = (value: number, cpu: number) =>
    ({ prog: "push_small", cpus: [cpu], invocations: 1, ctx: args(value, 0) }) as const;

  it("a value that is being pushed is there or not", async () => {
    const early = { name: "early", body: (user: UserApi) => user.peek("small", 3) };
    const all = await explore(object, { programs: [pusher(3, 0)], user: [early] });
    expect(all.complete).toBe(true);
    expect(all.outcomes.map(({ returned }) => `${returned?.early}`).sort()).toEqual(["3", "undefined"]);
  });

  it("no bit of either of two values is lost", async () => {
    const all = await explore(object, { programs: [pusher(3, 0), pusher(8, 1)] });
    expect(all.complete).toBe(true);
    expect(all.outcomes.map(({ serial }) => serial)).toEqual([true]);
  });

  it("of a filter with a seed says that others were not tried", async () => {
    const seeded = await bpf`
struct { __uint(type, BPF_MAP_TYPE_BLOOM_FILTER); __uint(max_entries, 8); __type(value, __u64); } seen SEC(".maps");
long found;
SEC("raw_tp") int ask(__u64 *ctx) {
	__u64 pushed = 1, other = 2;
	bpf_map_push_elem(&seen, &pushed, 0);
	found = bpf_map_peek_elem(&seen, &other);
	return 0;
}`;
    const all = await explore(seeded, { cpus: 1, invocations: 1 });
    expect(all.conditions.join("\n")).toContain("1 layout of the keys of seen tried, of 4");
  });
});

const bigints = (_: string, value: unknown) => typeof value === "bigint" ? String(value) : value;

describe("bloom filters, simulator and running kernel", () => {
  const availability = linuxAvailable(), agreement = new KernelAgreement("calls of bloom filters");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip;
  test(`any sequence of calls${availability.available ? "" : ` (skipped: ${availability.reason})`}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { minLength: 100, maxLength: 200, size: "max" }), async (sequence) => {
        const workload = { cpus: 1, programs, user: [{ name: "it", body: body(sequence) }] };
        const simulated = await simulate(object, workload);
        await agreement.values("a sequence", async () => {
          const real = await runOnLinux(object, { ...workload, exact: true });
          const told = (results: unknown) =>
            (results as unknown[]).map((result, i) =>
              `${i} ${JSON.stringify(sequence[i], bigints)}: ${String(result)}`
            );
          const [ours, theirs] = [simulated, real].map(({ returned }) => told(returned.it));
          expect(ours.filter((line, i) => line !== theirs[i])).toEqual(theirs.filter((line, i) => line !== ours[i]));
        });
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });
});
