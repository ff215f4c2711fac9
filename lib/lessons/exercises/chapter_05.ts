/** Exercises of chapter 05: map RCU. */
import { simulate } from "../../backends/simulator.ts";
import { bpf } from "../../compile/bpf.ts";
import { BPF_ANY, BPF_F_LOCK } from "../../uapi/flags.ts";
import type { UserApi } from "../../maps/user_space.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import { explore } from "../../search/explore.ts";
import { type Exercise, type Marked, wantNumber, wantObject } from "./exercise.ts";
import { bySchedule, isProved, notProved, tooMuch } from "./judging.ts";
import { whatItRead } from "./why.ts";
import { t, translated } from "../../words/translation.ts";

const hash = () =>
  bpf`
struct value { __u64 a, b; };
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct value);
} in_hash SEC(".maps");

long torn;

SEC("raw_tp")
int update_in_hash(void *ctx)
{
	__u32 key = 0;
	struct value value = { 258, 258 };

	bpf_map_update_elem(&in_hash, &key, &value, BPF_ANY);
	return 0;
}

SEC("raw_tp")
int read_in_hash(void *ctx)
{
	__u32 key = 0;
	__u64 a, b;
	struct value *value = bpf_map_lookup_elem(&in_hash, &key);

	if (!value)
		return 0;
	a = READ_ONCE(value->a);
	b = READ_ONCE(value->b);
	if (a != b)
		torn = 1;
	return 0;
}
`;

const writerAndReader = {
  cpus: 2,
  programs: [
    { prog: "update_in_hash", cpus: [0], invocations: 2 },
    { prog: "read_in_hash", cpus: [1], invocations: 1 },
  ],
  *prepare(user: UserApi) {
    yield* user.update("in_hash", 0, { a: 257n, b: 257n });
    yield* user.update("in_hash", 1, { a: 513n, b: 513n });
  },
};

/** Whether the values have a lock, so that a look-up can take it. */
const hasLock = ({ btf }: BpfObject): boolean => btf?.types.some(({ name }) => name === "bpf_spin_lock") ?? false;

const readsPair = (flags: bigint) =>
  function* (user: UserApi) {
    const { a, b } = (yield* user.lookup("values", 0, flags))!;
    return a === b;
  };

export const exercises: readonly Exercise[] = translated([
  {
    id: "05.1",
    title: "Count the updates until a read tears",
    asks: "change",
    hints: [
      'watch("in_hash", "update", n, whole) for n = 1, 2, 3.',
      "The array needs one. The hash needs its spare element used again.",
    ],
    mark(answer) {
      const said = wantNumber(answer);
      if (said === 3) {
        return Promise.resolve({
          passed: true,
          message: t`Two in a hash, where an element has to come back, and one in an array.`,
        });
      }
      return Promise.resolve({ passed: false, message: t`${said} is not it: try both with 1, 2 and 3 updates.` });
    },
  },
  bySchedule({
    id: "05.2",
    title: "Tear a value in a hash by hand",
    hints: [
      "The reader walks the bucket first (three loads), and then reads both words.",
      "Let it walk, and stop before its first word. Then let CPU 0 do its first run.",
      "In the second run, CPU 0 copies the new value into the element that the reader holds: stop it between the two words. explore(...).witness knows the number of steps.",
    ],
    object: hash,
    workload: writerAndReader,
    reached: ({ torn }) => torn === 1n,
    passed: () => t`A mix of two values, from a map that is said never to mix.`,
    failed: (_, trace) => t`The read was whole. ${whatItRead(trace, "read_in_hash")}`,
  }),
  {
    id: "05.3",
    title: "Raise both fields together",
    asks: "repair",
    hints: ["The value has a lock already.", "Under the lock, change the value in place; no copy, no update helper."],
    async mark(answer): Promise<Marked> {
      wantObject(answer);
      const found = await explore(answer, {
        cpus: 2,
        invocations: 2,
        programs: ["raise"],
        *prepare(user) {
          yield* user.update("values", 0, { a: 10n, b: 10n });
        },
        holds: (values) => values["values[0].a"] === 14n && values["values[0].b"] === 14n,
        bounds: { seconds: 20 },
      });
      if (!isProved(found)) return notProved(found, t`10 and four runs make 14 and 14; it can end otherwise.`);
      const mixed = await explore(answer, {
        cpus: 1,
        invocations: 2,
        programs: ["raise"],
        *prepare(user) {
          yield* user.update("values", 0, { a: 10n, b: 10n });
        },
        user: [{ name: "reader", body: readsPair(hasLock(answer) ? BPF_F_LOCK : BPF_ANY) }],
        holds: (_values, returned) => returned.reader === true,
        bounds: { seconds: 10 },
      });
      if (!isProved(mixed)) return notProved(mixed, t`Nothing is lost, but a look-up can find the two fields unequal.`);
      return {
        passed: true,
        message: t`Both fields end at 14 on all schedules (${found.states} states), and no look-up sees them differ.`,
      };
    },
  },
  {
    id: "05.4",
    title: "Raise both halves in one step",
    asks: "speed up",
    hints: [
      "Adding 1 to both halves is adding one number to the whole.",
      "__sync_fetch_and_add(value, 1 + (1ULL << 32))",
    ],
    async mark(answer): Promise<Marked> {
      wantObject(answer);
      const found = await explore(answer, {
        cpus: 3,
        invocations: 2,
        programs: ["raise"],
        holds: (values) => values["values[0]"] === 6n + (6n << 32n),
        bounds: { seconds: 20 },
      });
      if (!isProved(found)) return notProved(found, t`Six runs have to leave 6 in both halves; it can end otherwise.`);
      const once = await simulate(answer, { cpus: 1, invocations: 1, programs: ["raise"] });
      if (once.steps > 1) return tooMuch(t`Exact, but a run takes ${once.steps} visible operations.`, once.trace());
      return { passed: true, message: t`One atomic operation on eight bytes: exact, whole, and nobody waits.` };
    },
  },
], ["title", "hints"]);
