/** LPM tries: against a list of prefixes, and beside the running kernel. */
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
struct prefix { __u32 len; __u8 data[2]; } __attribute__((packed));
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(map_flags, BPF_F_NO_PREALLOC); __uint(max_entries, 8); __type(key, struct prefix); __type(value, __u64); } trie SEC(".maps");
long found;
SEC("raw_tp") int look(void *ctx) {
	struct prefix key = { 16, { 0x80, 0x01 } };
	__u64 *value = bpf_map_lookup_elem(&trie, &key);
	found = value ? *value : -1;
	return 0;
}
`;

interface Call {
  readonly call: "update" | "delete" | "lookup" | "nextKey";
  readonly len: number;
  readonly data: number;
  readonly flags: bigint;
}
const anyCall: fc.Arbitrary<Call> = fc.record({
  call: fc.constantFrom("update", "update", "update", "delete", "lookup", "lookup", "nextKey"),
  len: fc.oneof(fc.integer({ min: 0, max: 17 }), fc.integer({ min: 0, max: 4 })),
  data: fc.constantFrom(0x0000, 0x0080, 0x0180, 0x00c0, 0x0001, 0xffff, 0xf0ff, 0x0040),
  flags: fc.constantFrom(0n, 0n, 0n, 0n, 1n, 2n, 4n, 8n),
});

const keyOf = ({ len, data }: Call) => ({ len, data: new Uint8Array([data & 0xff, data >> 8]) });

function* run(user: UserApi, call: Call, n: number): Model<unknown> {
  try {
    if (call.call === "update") return yield* user.update("trie", keyOf(call), n, call.flags);
    if (call.call === "delete") return yield* user.delete("trie", keyOf(call));
    if (call.call === "lookup") return yield* user.lookup("trie", keyOf(call), call.flags & ~3n);
    return yield* user.nextKey("trie", keyOf(call));
  } catch (error) {
    if (error instanceof KernelError) return error.code;
    throw error;
  }
}

const body = (calls: readonly Call[]) =>
  function* (user: UserApi): Model<unknown> {
    const results: unknown[] = [];
    for (let n = 0; n < calls.length; n++) results.push(yield* run(user, calls[n], n));
    results.push(yield* user.walk("trie"));
    return results;
  };
const sequences = fc.array(anyCall, { minLength: 60, maxLength: 150, size: "max" });
const workload = (calls: readonly Call[]) => ({
  cpus: 1,
  invocations: 0,
  programs: ["look"],
  user: [{ name: "it", body: body(calls) }],
});

const bits = ({ len, data }: Call): string =>
  [data & 0xff, data >> 8].map((byte) => byte.toString(2).padStart(8, "0")).join("").slice(0, len);

describe("a trie is a list of prefixes", () => {
  it("whatever is put in, taken out and looked for", async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async (calls) => {
        const { returned } = await simulate(object, workload(calls)), results = returned.it as unknown[];
        const plain = new Map<string, bigint>();
        calls.forEach((call, n) => {
          const key = bits(call), isLong = call.len > 16;
          if (call.call === "update") {
            const expected = call.flags > 2n || isLong
              ? "EINVAL"
              : plain.has(key) && call.flags === 1n
              ? "EEXIST"
              : !plain.has(key) && call.flags === 2n
              ? "ENOENT"
              : !plain.has(key) && plain.size === 8
              ? "ENOSPC"
              : undefined;
            expect(results[n]).toBe(expected);
            if (expected === undefined) plain.set(key, BigInt(n));
          } else if (call.call === "delete") expect(results[n]).toBe(isLong ? "EINVAL" : plain.delete(key));
          else if (call.call === "lookup" && (call.flags & ~3n) === 0n) {
            const prefixes = [...plain.keys()].filter((prefix) => key.startsWith(prefix));
            const longest = prefixes.sort((a, b) => b.length - a.length)[0];
            expect(results[n]).toBe(isLong || longest === undefined ? undefined : plain.get(longest));
          }
        });
        expect((results.at(-1) as unknown[]).length).toBe(plain.size);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });
});

describe("every schedule", () => {
  it("a lookup beside an update finds the shorter prefix or the longer one, never none", async () => {
    const all = await explore(object, {
      cpus: 1,
      invocations: 1,
      prepare: (user) => user.update("trie", { len: 1, data: new Uint8Array([0x80, 0]) }, 1),
      user: [{
        name: "writer",
        *body(user) {
          yield* user.update("trie", { len: 12, data: new Uint8Array([0x80, 0]) }, 2);
          yield* user.delete("trie", { len: 1, data: new Uint8Array([0x80, 0]) });
        },
      }],
    });
    expect(all.complete).toBe(true);
    expect(all.outcomes.map(({ values }) => values.found).sort()).toEqual([1n, 2n]);
  });
});

describe("LPM tries, simulator and running kernel", () => {
  const availability = linuxAvailable(), agreement = new KernelAgreement("calls of LPM tries");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip;
  test(`any sequence of calls${availability.available ? "" : ` (skipped: ${availability.reason})`}`, async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async (calls) => {
        const simulated = await simulate(object, workload(calls));
        await agreement.values("a sequence", async () => {
          const real = await runOnLinux(object, { ...workload(calls), exact: true });
          expect(simulated.returned.it).toEqual(real.returned.it);
          expect(simulated.final).toEqual(real.final);
        });
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });
});
