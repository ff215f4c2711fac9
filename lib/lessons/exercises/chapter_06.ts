/** Exercises of chapter 06: map-in-map swap. */
import { simulate } from "../../backends/simulator.ts";
import { bpf } from "../../compile/bpf.ts";
import type { UserApi } from "../../maps/user_space.ts";
import { explore } from "../../search/explore.ts";
import { type Exercise, type Marked, wantNumber, wantObject } from "./exercise.ts";
import { bySchedule, isProved, notProved, tooMuch } from "./judging.ts";
import { whatItRead } from "./why.ts";
import { t, translated } from "../../words/translation.ts";

const walked = () =>
  bpf`
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} flat SEC(".maps");

__u64 turn;

SEC("raw_tp") int count_flat(void *ctx)
{
	__u32 key = turn++ % 4;
	__u64 *count = bpf_map_lookup_elem(&flat, &key);

	if (count)
		WRITE_ONCE(*count, READ_ONCE(*count) + 1);
	return 0;
}
`;

const lookTwice = () =>
  bpf`
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } front SEC(".maps"), back SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [0] = &front } };
long two_maps;

SEC("raw_tp") int look_twice(void *ctx)
{
	__u32 slot = 0;
	void *first = bpf_map_lookup_elem(&outer, &slot);
	void *second = bpf_map_lookup_elem(&outer, &slot);
	__u64 *a, *b;

	if (!first || !second)
		return 0;
	a = bpf_map_lookup_elem(first, &slot);
	b = bpf_map_lookup_elem(second, &slot);
	if (!a || !b)
		return 0;
	__sync_fetch_and_add(a, 1);
	if (READ_ONCE(*b) == 0)
		two_maps = 1; /* what was just counted is not there */
	return 0;
}
`;

const swapper = {
  name: "swapper",
  *body(user: UserApi) {
    yield* user.swapInner("outer", 0, "back");
  },
};

export const exercises: readonly Exercise[] = translated([
  {
    id: "06.1",
    title: "Find the widest difference of a walk",
    asks: "change",
    hints: [
      "walk.outcomes has what the reader returned.",
      "Math.max(...walk.outcomes.map((outcome) => Number(outcome.returned!.reader)))",
    ],
    async mark(answer) {
      const said = wantNumber(answer);
      const all = await explore(await walked(), {
        cpus: 1,
        invocations: 8,
        *prepare(user) {
          for (const key of [0, 1, 2, 3]) yield* user.update("flat", key, 0);
        },
        user: [{
          name: "reader",
          *body(user) {
            const counts = (yield* user.walk<bigint>("flat")).map(({ value }) => Number(value));
            return Math.max(...counts) - Math.min(...counts);
          },
        }],
      });
      const widest = Math.max(...all.outcomes.map((outcome) => Number(outcome.returned!.reader)));
      if (said === widest) {
        return { passed: true, message: t`${widest}, over all schedules: the more runs, the wider.` };
      }
      return { passed: false, message: t`${said} is not the widest that some schedule gives.` };
    },
  },
  bySchedule({
    id: "06.2",
    title: "Let one run see two maps",
    hints: [
      "The run: start, look-up, look-up, add, load, and a store if it found two maps.",
      "The swap's exchange has to come between the two look-ups.",
    ],
    object: lookTwice,
    workload: { cpus: 1, invocations: 1, user: [swapper] },
    reached: ({ two_maps }) => two_maps === 1n,
    passed: () => t`One run, two maps.`,
    failed: (_, trace) => t`two_maps is 0 after this schedule. ${whatItRead(trace, "look_twice")}`,
  }),
  {
    id: "06.3",
    title: "Repair look_twice",
    asks: "repair",
    hints: ["Look the outer map up once and keep the pointer."],
    async mark(answer): Promise<Marked> {
      wantObject(answer);
      const alone = await simulate(answer, { cpus: 1, invocations: 3, programs: ["look_twice"] });
      const counted = Object.entries(alone.final).find(([name]) => /front.*\[0\]/.test(name))?.[1];
      if (counted !== 3n) {
        return { passed: false, message: t`Three runs have to count to 3 in the inner map \`front\`.` };
      }
      const found = await explore(answer, {
        cpus: 2,
        invocations: 1,
        programs: ["look_twice"],
        user: [swapper],
        holds: (values) => values.two_maps === 0n,
        bounds: { seconds: 15 },
      });
      if (!isProved(found)) return notProved(found, t`A run can still see two maps.`);
      const looks = (await simulate(answer, { cpus: 1, invocations: 1, programs: ["look_twice"] })).trace()
        .filter((step) => step.touches === "inner_map");
      if (looks.length > 1) {
        const message = t`A run looks \`outer\` up ${looks.length} times, and between them it can change.`;
        return tooMuch(message, looks);
      }
      return { passed: true, message: t`One look-up: no run sees two maps, on any schedule.` };
    },
  },
  {
    id: "06.4",
    title: "A snapshot without a swap",
    asks: "speed up",
    hints: ["One addition changes both halves: 1 + (2ULL << 32)."],
    async mark(answer): Promise<Marked> {
      wantObject(answer);
      const found = await explore(answer, {
        cpus: 2,
        invocations: 1,
        programs: ["count"],
        user: [{
          name: "reader",
          *body(user) {
            const value = (yield* user.lookup<bigint>("flat", 0))!;
            return value >> 32n === 2n * (value & 0xffff_ffffn);
          },
        }],
        holds: (values, returned) => returned.reader === true && values["flat[0]"] === 2n + (4n << 32n),
        bounds: { seconds: 15 },
      });
      if (!isProved(found)) return notProved(found, t`A look-up can find b other than 2 * a, or an update is lost.`);
      const once = await simulate(answer, { cpus: 1, invocations: 1, programs: ["count"] });
      if (once.steps > 1) {
        const message = t`True on every schedule, but a run takes ${once.steps} visible operations.`;
        return tooMuch(message, once.trace());
      }
      return { passed: true, message: t`Every look-up is a snapshot of both numbers, and nobody waits.` };
    },
  },
], ["title", "hints"]);
