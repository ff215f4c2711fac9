/** Queues and stacks: against plain arrays, over every schedule, and beside the running kernel. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import { KernelError } from "../../lib/maps/errno.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { explore } from "../../lib/search/explore.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const object = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 3); __type(value, __u64); } queue SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_STACK); __uint(max_entries, 3); __type(value, __u64); } stack SEC(".maps");
long result; __u64 found;
#define CALLS(map) \
	SEC("raw_tp") int push_##map(__u64 *ctx) { __u64 value = ctx[0]; result = bpf_map_push_elem(&map, &value, ctx[1]); return 0; } \
	SEC("raw_tp") int pop_##map(void *ctx) { result = bpf_map_pop_elem(&map, &found); return 0; } \
	SEC("raw_tp") int peek_##map(void *ctx) { __u64 value = 99; result = bpf_map_peek_elem(&map, &value); found = value; return 0; }
CALLS(queue)
CALLS(stack)
`;
const programs = ["push", "pop", "peek"].flatMap((call) =>
  ["queue", "stack"].map((map) => ({ prog: `${call}_${map}`, cpus: [0], invocations: 0 }))
);

const args = (...numbers: (number | bigint)[]): Uint8Array =>
  new Uint8Array(new BigUint64Array(numbers.map(BigInt)).buffer);

interface Call {
  readonly who: "program" | "user";
  readonly map: "queue" | "stack";
  readonly call: "push" | "pop" | "peek" | "delete" | "nextKey" | "walk" | "lookup flags";
  readonly value: number;
  readonly flags: bigint;
}
const anyCall: fc.Arbitrary<Call> = fc.record({
  who: fc.constantFrom("program", "user"),
  map: fc.constantFrom("queue", "stack"),
  call: fc.constantFrom("push", "push", "push", "push", "pop", "pop", "peek", "delete", "nextKey", "lookup flags"),
  value: fc.nat(1000),
  flags: fc.constantFrom(0n, 0n, 0n, 2n, 2n, 1n, 3n, 4n, 8n, 1n << 32n),
});

const NO_KEY = new Uint8Array();

/** A call of user space on a map. */
function userCall(user: UserApi, { map, call, value, flags }: Call): Model<unknown> {
  switch (call) {
    case "push":
      return user.push(map, value, flags);
    case "pop":
      return user.lookupAndDelete(map, NO_KEY, flags);
    case "peek":
      return user.peek(map);
    case "delete":
      return user.delete(map, NO_KEY);
    case "nextKey":
      return user.nextKey(map);
    case "walk":
      return user.walk(map);
    case "lookup flags":
      return user.lookup(map, NO_KEY, flags);
  }
}

const body = (calls: readonly Call[]) =>
  function* (user: UserApi): Model<unknown> {
    const results: unknown[] = [];
    for (const call of calls) {
      if (call.who === "program" && ["push", "pop", "peek"].includes(call.call)) {
        yield* user.run(`${call.call}_${call.map}`, { ctx: args(call.value, call.flags) });
        results.push([yield* user.readGlobal("result"), yield* user.readGlobal("found")]);
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

/** What a call on a plain array gives, of those that a program makes. */
function plainCall(values: number[], { map, call, value, flags }: Call): readonly [bigint, bigint?] {
  if (call === "push") {
    if (flags & 1n || flags > 2n) return [-22n];
    if (values.length === 3 && flags !== 2n) return [-7n];
    if (values.length === 3) values.shift();
    values.push(value);
    return [0n];
  }
  if (values.length === 0) return [-2n, 0n];
  const at = map === "queue" ? 0 : values.length - 1, found = BigInt(values[at]);
  if (call === "pop") values.splice(at, 1);
  return [0n, found];
}

describe("queues and stacks are arrays", () => {
  it("whatever programs push, pop and peek at", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { minLength: 30, maxLength: 60, size: "max" }), async (all) => {
        const calls = all.filter(({ call }) => ["push", "pop", "peek"].includes(call)).map((call) => ({
          ...call,
          who: "program" as const,
        }));
        const run = await simulate(object, { cpus: 1, programs, user: [{ name: "it", body: body(calls) }] });
        const plain = { queue: [] as number[], stack: [] as number[] };
        (run.returned.it as [bigint, bigint][]).forEach(([result, found], i) => {
          const [expected, value] = plainCall(plain[calls[i].map], calls[i]);
          expect(result).toBe(expected);
          if (value !== undefined) expect(found).toBe(value);
        });
        for (const map of ["queue", "stack"] as const) {
          expect([0, 1, 2].map((i) => run.final[`${map}[${i}]`])).toEqual(
            [0, 1, 2].map((i) => plain[map][i] === undefined ? undefined : BigInt(plain[map][i])),
          );
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("every schedule", () => {
  it("two that push and one that pops: the orders of the three, and nothing between", async () => {
    const all = await explore(object, {
      programs: [
        { prog: "push_queue", cpus: [0], invocations: 1, ctx: args(1, 0) },
        { prog: "push_queue", cpus: [1], invocations: 1, ctx: args(2, 0) },
      ],
      user: [{ name: "popper", body: (user) => user.pop("queue") }],
    });
    expect(all.complete).toBe(true);
    const ends = all.outcomes.map(({ returned, values }) =>
      `${returned?.popper}: ${[values["queue[0]"], values["queue[1]"]].join(" ").trim()}`
    );
    expect(ends.sort()).toEqual(["1: 2", "2: 1", "undefined: 1 2", "undefined: 2 1"]);
  });
});

describe("queues and stacks, simulator and running kernel", () => {
  const availability = linuxAvailable(), agreement = new KernelAgreement("calls of queues and stacks");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip;
  test(`any sequence of calls${availability.available ? "" : ` (skipped: ${availability.reason})`}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { minLength: 60, maxLength: 120, size: "max" }), async (sequence) => {
        const workload = { cpus: 1, programs, user: [{ name: "it", body: body(sequence) }] };
        const simulated = await simulate(object, workload);
        await agreement.values("a sequence", async () => {
          const real = await runOnLinux(object, { ...workload, exact: true });
          expect(simulated.returned.it).toEqual(real.returned.it);
          expect(simulated.final).toEqual(real.final);
        });
      }),
      { numRuns: 5 },
    );
  });
});
