/** Exercises of chapter 03: spin locks. */
import { simulate } from "../../backends/simulator.ts";
import { bpf } from "../../compile/bpf.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import { explore } from "../../search/explore.ts";
import { type Exercise, type Marked, wantNumber, wantObject } from "./exercise.ts";
import { bySchedule, isProved, notProved, tooMuch } from "./judging.ts";
import { whatItRead } from "./why.ts";
import { t, translated } from "../../words/translation.ts";

const pairs = () =>
  bpf`
struct concurrent_element {
	struct bpf_spin_lock semaphore;
	int count, twice; /* twice is always 2 * count, or the pair is torn */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, int);
	__type(value, struct concurrent_element);
	__uint(max_entries, 1);
} concurrent_map SEC(".maps");

long reads, torn;

#define ELEMENT() int key = 0; struct concurrent_element *e = bpf_map_lookup_elem(&concurrent_map, &key); if (!e) return 0
#define LOCKED(...) bpf_spin_lock(&e->semaphore); __VA_ARGS__ bpf_spin_unlock(&e->semaphore)
#define CHANGE() int c = READ_ONCE(e->count) + 1; WRITE_ONCE(e->count, c); WRITE_ONCE(e->twice, 2 * c);
#define LOOK() c = READ_ONCE(e->count); t = READ_ONCE(e->twice);
#define JUDGE() __sync_fetch_and_add(&reads, 1); if (t != 2 * c) __sync_fetch_and_add(&torn, 1)

SEC("tc") int write_locked(void *ctx) { ELEMENT(); LOCKED(CHANGE()); return 0; }
SEC("tc") int write_plain(void *ctx)  { ELEMENT(); CHANGE(); return 0; }
SEC("tc") int read_locked(void *ctx)  { int c, t; ELEMENT(); LOCKED(LOOK()); JUDGE(); return 0; }
SEC("tc") int read_plain(void *ctx)   { int c, t; ELEMENT(); LOOK(); JUDGE(); return 0; }
`;

const sides = { programs: [{ prog: "write_locked", cpus: [0] }, { prog: "read_plain", cpus: [1] }], invocations: 1 };

/** Whether the programs of an answer are the ones that were asked for. */
function wantPrograms(answer: unknown, ...names: string[]): asserts answer is BpfObject {
  wantObject(answer);
  const missing = names.filter((name) => !answer.programs.some((program) => program.name === name));
  if (missing.length > 0) throw new TypeError(t`the listing needs the program ${missing.join(t` and `)}`);
}

/** Proves that a counter called `wrong` stays 0 on every schedule of a writer and an auditor. */
async function neverWrong(answer: BpfObject, programs: { prog: string; cpus: number[] }[], invocations: number) {
  return await explore(answer, {
    cpus: programs.length,
    programs,
    invocations,
    holds: (values) => values.wrong === 0n,
    bounds: { seconds: 15 },
  });
}

const BLIND: Marked = {
  passed: false,
  message:
    "`audit` has to count in `wrong` what does not add up, and it no longer does. The fault is in the writer too.",
};

/** Whether the auditor overlooks a value that is plainly wrong. */
async function isBlind(answer: BpfObject, map: string, wrongValue: Readonly<Record<string, number>>): Promise<boolean> {
  const run = await simulate(answer, {
    cpus: 1,
    invocations: 1,
    programs: ["audit"],
    prepare: (user) => user.update(map, 0, wrongValue),
  });
  return run.final.wrong !== 1n;
}

export const exercises: readonly Exercise[] = translated([
  {
    id: "03.1",
    title: "Count the torn endings",
    asks: "change",
    hints: [
      "explore(...).outcomes lists the ways it can end.",
      "outcomes.filter((outcome) => outcome.values.torn !== 0n).length",
    ],
    async mark(answer) {
      const said = wantNumber(answer), all = await explore(await pairs(), sides);
      const torn = all.outcomes.filter((outcome) => outcome.values.torn !== 0n).length;
      if (said === torn) {
        return {
          passed: true,
          message: t`${torn} of ${all.outcomes.length} endings, from ${all.schedules} schedules.`,
        };
      }
      return { passed: false, message: t`${said} is not the number; there are ${all.outcomes.length} endings in all.` };
    },
  },
  bySchedule({
    id: "03.2",
    title: "Tear a pair by hand",
    hints: [
      "The writer takes the lock, loads count, stores count, stores twice, releases the lock.",
      "The reader has to load both numbers after the writer's first store and before its second.",
    ],
    object: pairs,
    workload: { ...sides, cpus: 2 },
    reached: ({ torn }) => torn === 1n,
    passed: () => t`The reader saw half of an update, although the writer held the lock.`,
    failed: (_, trace) => t`torn is 0 after this schedule. ${whatItRead(trace, "read_plain")}`,
  }),
  {
    id: "03.3",
    title: "Repair the bank",
    asks: "repair",
    hints: ["Between the two sections anybody can look.", "A reader that takes no lock looks whenever it likes."],
    async mark(answer): Promise<Marked> {
      wantPrograms(answer, "transfer", "audit");
      const alone = await simulate(answer, { cpus: 1, invocations: 2, programs: ["transfer"] });
      if (alone.final["bank[0].a"] !== -20n || alone.final["bank[0].b"] !== 20n) {
        return { passed: false, message: t`Two transfers have to move 20 from \`bank[0].a\` to \`bank[0].b\`.` };
      }
      if (await isBlind(answer, "bank", { a: -10 })) return BLIND;
      const seen = await neverWrong(answer, [{ prog: "transfer", cpus: [0] }, { prog: "audit", cpus: [1] }], 2);
      if (!isProved(seen)) return notProved(seen, t`An audit can see money that is on its way.`);
      const kept = await explore(answer, { cpus: 2, programs: ["transfer"], invocations: 1, bounds: { seconds: 10 } });
      if (!isProved(kept)) return notProved(kept, t`A transfer can be lost.`);
      return {
        passed: true,
        message: seen.schedules === undefined
          ? t`No audit sees a wrong total on any schedule, and no transfer is lost.`
          : t`No audit of ${seen.schedules} schedules sees a wrong total, and no transfer is lost.`,
      };
    },
  },
  {
    id: "03.4",
    title: "Take the lock only where it is needed",
    asks: "speed up",
    hints: [
      "__sync_fetch_and_add counts events without a lock, and tells each run which event it is.",
      "The run that gets number 10, 20, 30 ... takes the lock and changes the pair.",
    ],
    async mark(answer): Promise<Marked> {
      wantPrograms(answer, "count", "audit");
      const twenty = await simulate(answer, { cpus: 1, invocations: 20, programs: ["count"] });
      if (
        twenty.final.events !== 20n || twenty.final["totals[0].tens"] !== 2n || twenty.final["totals[0].marked"] !== 20n
      ) {
        return { passed: false, message: t`Twenty events have to leave events = 20, tens = 2 and marked = 20.` };
      }
      const first = twenty.trace().filter((step) => step.kind !== "start" && step.invocation === 0);
      const steps = first.length;
      if (steps > 2) return tooMuch(t`The first run takes ${steps} visible operations; two are enough.`, first);
      if (await isBlind(answer, "totals", { tens: 1 })) return BLIND;
      const racing = await explore(answer, { cpus: 2, programs: ["count"], invocations: 1, bounds: { seconds: 10 } });
      if (!isProved(racing)) return notProved(racing, t`An event can be lost.`);
      const tens = [{ prog: "count", cpus: [0] }, { prog: "count", cpus: [1] }, { prog: "audit", cpus: [2] }];
      const seen = await neverWrong(answer, tens, 5);
      if (!isProved(seen)) return notProved(seen, t`An audit can see half of a change.`);
      return {
        passed: true,
        message: t`The usual run takes ${steps} visible operations, and no audit sees half of a change.`,
      };
    },
  },
], ["title", "hints"]);
