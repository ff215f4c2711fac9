/** A gap ends the run that reaches it, and only that: with all gaps of the programs, each at its C line. */
import { describe, expect, it } from "vitest";
import { UnsupportedError } from "../../lib/bpf_helpers/gaps.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { threads } from "../../lib/backends/threads/run.ts";
import { threadsAvailable } from "../../lib/backends/threads/available.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { explore } from "../../lib/search/explore.ts";

const object = await bpf`
struct { __uint(type, BPF_MAP_TYPE_STRUCT_OPS); __uint(max_entries, 1); __uint(key_size, 4); __uint(value_size, 8); }
strange SEC(".maps");
const volatile int filter, odd;
long count;
u32 bpf_no_such_kfunc(int a) __ksym;

SEC("raw_tp") int counts(void *ctx)
{
	int key = 0;
	if (filter && bpf_lwt_push_encap(ctx, 0, &key, 4))
		return 0;
	if (odd == 1 && bpf_map_lookup_elem(&strange, &key))
		return 0;
	if (odd == 2)
		return bpf_no_such_kfunc(1);
	__sync_fetch_and_add(&count, 1);
	return 0;
}
`;
const setting = (name: string, value: bigint) => ({
  cpus: 2,
  invocations: 3,
  verify: false,
  *prepare(user: import("../../lib/maps/user_space.ts").UserApi) {
    yield* user.writeGlobal(name, value);
  },
});

describe("gaps", () => {
  it("behind a branch that is off end no run", async () => {
    expect((await simulate(object, { cpus: 2, invocations: 3, verify: false })).final.count).toBe(6n);
    const searched = await explore(object, { cpus: 2, invocations: 1, verify: false });
    expect(searched.complete).toBe(true);
    expect(searched.outcomes.map(({ values }) => values.count)).toEqual([2n]);
  });

  const told: [name: string, value: bigint, first: RegExp][] = [
    ["filter", 1n, /^counts calls bpf_lwt_push_encap.*\(line \d+: if \(filter/],
    ["odd", 1n, /^counts uses map strange \(BPF_MAP_TYPE_STRUCT_OPS\).*\(line \d+: if \(odd == 1/],
    ["odd", 2n, /^counts calls bpf_no_such_kfunc.*\(line \d+: return bpf_no_such_kfunc/],
  ];
  for (const [name, value, first] of told) {
    it(`${name} = ${value} reaches one, which the error names first, and all others`, async () => {
      for (const run of [simulate, explore]) {
        const error = await run(object, setting(name, value)).catch((error) => error);
        expect(error).toBeInstanceOf(UnsupportedError);
        expect(error.message).toMatch(first);
        for (const other of ["bpf_lwt_push_encap", "strange", "bpf_no_such_kfunc"]) {
          expect(error.message).toContain(other);
        }
      }
    });
  }

  const canThread = threadsAvailable().available;
  (canThread ? it : it.skip)(`on threads as well${canThread ? "" : " (skipped: one CPU)"}`, async () => {
    const options = { cpus: 2, invocations: 10, exact: true, verify: false };
    expect((await threads(object, options)).final.count).toBe(20n);
    await expect(threads(object, { ...options, ...setting("filter", 1n) })).rejects.toThrow(/does not run on threads/);
  });
});
