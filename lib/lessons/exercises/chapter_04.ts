/** Exercises of chapter 04: per-CPU maps. */
import { simulate } from "../../backends/simulator.ts";
import { bpf } from "../../compile/bpf.ts";
import type { Values } from "../../report/result.ts";
import { explore } from "../../search/explore.ts";
import { type Exercise, type Marked, wantNumber, wantObject } from "./exercise.ts";
import { bySchedule, isProved, notProved } from "./judging.ts";
import { foughtOver, lastWrite, quoteLine } from "./why.ts";
import { t, translated } from "../../words/translation.ts";

const guests = () =>
  bpf`
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} counters SEC(".maps");

#define COUNT __u32 key = 0; __u64 *count = bpf_map_lookup_elem(&counters, &key); if (!count) return 0

SEC("raw_tp")
int add(void *ctx)
{
	COUNT;
	WRITE_ONCE(*count, READ_ONCE(*count) + 1);
	return 0;
}

SEC("raw_tp")
int add_atomic(void *ctx)
{
	COUNT;
	__sync_fetch_and_add(count, 1);
	return 0;
}
`;

const OWN_COUNT = "counters[0]@cpu0";

const sum = (values: Values) =>
  Object.values(values).reduce((total: bigint, value) => total + (typeof value === "bigint" ? value : 0n), 0n);

export const exercises: readonly Exercise[] = translated([
  {
    id: "04.1",
    title: "Count the bytes of a lookup",
    asks: "change",
    hints: ["One value for each possible CPU.", "Each value is rounded up to a multiple of 8 bytes. 24 is one."],
    mark(answer) {
      const said = wantNumber(answer), right = 64 * 24;
      if (said === right) {
        return Promise.resolve({
          passed: true,
          message: t`64 CPUs x 24 bytes, and the number of keys does not matter.`,
        });
      }
      const why = said === 4096 * 24 * 64
        ? t`That is the whole map; the lookup is of one key.`
        : t`Values x possible CPUs, each rounded up to 8 bytes.`;
      return Promise.resolve({ passed: false, message: t`${said} is not it. ${why}` });
    },
  },
  bySchedule({
    id: "04.2",
    title: "Interrupt at the worst moment",
    hints: [
      "A run of `add` takes three steps here: start, load, store.",
      "The interrupt has two: start, atomic add. It has to strike after the load.",
    ],
    object: guests,
    workload: {
      cpus: 1,
      programs: [{ prog: "add", invocations: 1 }],
      interrupts: [{ prog: "add_atomic", cpu: 0, count: 1 }],
    },
    reached: (values) => values[OWN_COUNT] === 1n,
    passed: () => t`The interrupt's update is lost, on a CPU's own counter.`,
    failed: (values, trace) => t`The count is ${values[OWN_COUNT]}. ${lastWrite(trace, OWN_COUNT)}`,
  }),
  {
    id: "04.3",
    title: "Repair the traffic counters",
    asks: "repair",
    hints: ["The copy belongs to the CPU, not to the run.", "Two atomic adds on the CPU's own copy."],
    async mark(answer): Promise<Marked> {
      wantObject(answer);
      const found = await explore(answer, {
        cpus: 1,
        programs: [{ prog: "in_process", invocations: 2 }],
        interrupts: [{ prog: "in_interrupt", cpu: 0, count: 2 }],
        holds: (values) => values["traffic[0]@cpu0.packets"] === 4n && values["traffic[0]@cpu0.bytes"] === 280n,
        bounds: { seconds: 15 },
      });
      if (!isProved(found)) return notProved(found, t`4 packets and 280 bytes are right; it can end otherwise.`);
      const message = found.schedules === undefined
        ? t`4 packets and 280 bytes on every schedule.`
        : t`4 packets and 280 bytes on all of ${found.schedules} schedules.`;
      return { passed: true, message };
    },
  },
  {
    id: "04.4",
    title: "Write a counter that nobody fights for",
    asks: "speed up",
    hints: ["BPF_MAP_TYPE_PERCPU_ARRAY", "An interrupt has the same copy: what does that ask of the increment?"],
    async mark(answer): Promise<Marked> {
      wantObject(answer);
      const exact = await explore(answer, {
        cpus: 2,
        programs: [{ prog: "count", invocations: 1 }],
        // Of a program that runs already, the kernel skips the nested run: what it skips is not lost.
        interrupts: [{ prog: "count", cpu: 0, count: 1 }],
        holds: (values) => sum(values) >= 2n,
        bounds: { seconds: 15 },
      });
      if (!isProved(exact)) return notProved(exact, t`The sum of all values can fall short.`);
      const run = await simulate(answer, { cpus: 4, invocations: 50, programs: ["count"] });
      if (sum(run.final) !== 200n) {
        return { passed: false, message: t`4 CPUs x 50 runs add up to ${sum(run.final)}, not to 200.` };
      }
      const fought = foughtOver(run.trace());
      if (fought) return { passed: false, message: t`Exact, but ${fought}` };
      const guarded = await simulate(answer, { cpus: 1, invocations: 1, programs: ["count"] });
      const store = guarded.trace().find((step) => step.kind === "store");
      if (store) {
        const at = quoteLine(store) ?? store.text;
        return {
          passed: false,
          message: t`A plain store in ${at}: an interrupt that runs another program on this value would be lost.`,
        };
      }
      return { passed: true, message: t`Exact, and no two CPUs touch the same bytes.` };
    },
  },
], ["title", "hints"]);
