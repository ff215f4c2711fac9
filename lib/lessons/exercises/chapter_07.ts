/** Exercises of chapter 07: cost. */
import { simulate } from "../../backends/simulator.ts";
import { bpf } from "../../compile/bpf.ts";
import type { Workload } from "../../workload/workload.ts";
import type { Values } from "../../report/result.ts";
import { explore } from "../../search/explore.ts";
import { type Exercise, type Marked, wantNumber, wantObject } from "./exercise.ts";
import { isProved, notProved, tooMuch } from "./judging.ts";
import { travelling, undisturbed } from "./why.ts";
import { t, translated } from "../../words/translation.ts";

const PROFILE = "xeon-kvm";

const locked = () =>
  bpf`
struct elem { struct bpf_spin_lock lock; int count; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct elem); __uint(max_entries, 1); } locked SEC(".maps");

SEC("tc") int spin_lock(void *ctx)
{
	int key = 0;
	struct elem *e = bpf_map_lookup_elem(&locked, &key);

	if (!e)
		return 0;
	bpf_spin_lock(&e->lock);
	e->count += 1;
	bpf_spin_unlock(&e->lock);
	return 0;
}
`;

/** Of a kind that softirqs run in the middle of itself: what comes in while a task sends. tc programs do not nest so. */
const perCpu = () =>
  bpf`
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, long); __uint(max_entries, 1); } percpu SEC(".maps");

SEC("cgroup_skb/egress") int per_cpu(void *ctx)
{
	int key = 0;
	long *count = bpf_map_lookup_elem(&percpu, &key);

	if (count)
		*count += 1;
	return 0;
}
`;

const atomic = () =>
  bpf`
long total;

SEC("tc") int count(void *ctx) { __sync_fetch_and_add(&total, 1); return 0; }
`;

const sum = (values: Values) =>
  Object.values(values).reduce((total: bigint, value) => total + (typeof value === "bigint" ? value : 0n), 0n);

export const exercises: readonly Exercise[] = translated([
  {
    id: "07.1",
    title: "Find where a lock costs a microsecond",
    asks: "change",
    hints: ['at("spin_lock", 8).ns', "It is between 8 and 32."],
    async mark(answer) {
      const cpus = wantNumber(answer), object = await locked();
      if (!Number.isInteger(Math.log2(cpus))) return { passed: false, message: t`${cpus} is no power of two.` };
      const ns = async (n: number) =>
        (await simulate(object, { cpus: n, invocations: 200, profile: PROFILE })).nsPerOp!;
      const here = await ns(cpus), half = cpus > 1 ? await ns(cpus / 2) : 0;
      const message = t`${cpus} CPUs: ${here.toFixed(0)} ns; half as many: ${half.toFixed(0)} ns.`;
      return { passed: here > 1000 && half <= 1000, message };
    },
  },
  {
    id: "07.2",
    title: "Make a per-CPU counter lose",
    asks: "break",
    hints: [
      "No other CPU can touch the copy. Who else runs on this one?",
      'interrupts: [{ prog: "per_cpu", cpu: 0 }]: an interrupt that runs the program in the middle of itself.',
    ],
    async mark(answer): Promise<Marked> {
      if (typeof answer !== "object" || answer === null || Object.keys(answer).length === 0) {
        throw new TypeError("the answer has to be an object with `programs` and perhaps `interrupts`, `preempt`");
      }
      const { programs, interrupts, preempt, ...rest } = answer as Pick<
        Workload,
        "programs" | "interrupts" | "preempt"
      >;
      const [other] = Object.keys(rest);
      if (other !== undefined) throw new TypeError(`${other} is fixed here; give programs, interrupts or preempt`);
      const runs = (programs ?? ["per_cpu"]).reduce(
        (total, run) => total + (typeof run === "string" ? 1 : (run.invocations ?? 1) * (run.cpus?.length ?? 1)),
        0,
      ) + (interrupts ?? []).reduce((total, interrupt) => total + (interrupt.count ?? 1), 0);
      const found = await explore(await perCpu(), {
        cpus: 1,
        programs: programs ?? ["per_cpu"],
        interrupts,
        preempt,
        holds: (values) => sum(values) === BigInt(runs),
        bounds: { seconds: 10 },
      });
      if (found.observation === "Sometimes" || found.observation === "Always") {
        return {
          passed: true,
          message: t`${runs} runs, and the count can be ${
            found.anomalies.map(({ values }) => sum(values)).join(t` or `)
          }.`,
        };
      }
      const once = await simulate(await perCpu(), { cpus: 1, invocations: 1 });
      const message = t`${runs} runs count to ${runs} on every schedule.`;
      return { passed: false, message: `${message} ${undisturbed(once.trace())}`, evidence: found };
    },
  },
  {
    id: "07.3",
    title: "Repair the layout",
    asks: "repair",
    hints: ["Which 64 bytes do the two counters lie in?", "Something of at least 56 bytes has to stand between them."],
    async mark(answer): Promise<Marked> {
      wantObject(answer);
      const programs = [{ prog: "count_a", cpus: [0] }, { prog: "count_b", cpus: [1] }];
      // Each program has a counter of its own, so that no order of theirs tells anything: what has to hold is said here.
      const both = (values: Values) => Object.values(values).filter((value) => value === 2n).length === 2;
      const exact = await explore(answer, { programs, invocations: 2, holds: both, bounds: { seconds: 10 } });
      if (!isProved(exact)) return notProved(exact, t`Two runs of each program have to leave 2 in two variables.`);
      const run = await simulate(answer, { programs, invocations: 1000, profile: PROFILE });
      const counted = Object.values(run.final).filter((value) => value === 1000n).length;
      if (counted !== 2) {
        return { passed: false, message: t`1000 runs of each program have to leave 1000 in two variables.` };
      }
      if (run.nsPerOp! > 10) {
        const message = t`Exact, but ${run.nsPerOp!.toFixed(1)} ns for each update.`;
        return { passed: false, message: [message, travelling(run.trace())].filter(Boolean).join(" ") };
      }
      return { passed: true, message: t`${run.nsPerOp!.toFixed(1)} ns for each update: each CPU keeps its line.` };
    },
  },
  {
    id: "07.4",
    title: "Exact, wait-free, and ten times cheaper",
    asks: "speed up",
    hints: [
      "What costs is the line that travels.",
      "A copy for each CPU; and the increment on it may be plain where nothing interrupts it.",
    ],
    async mark(answer): Promise<Marked> {
      wantObject(answer);
      const exact = await explore(answer, {
        cpus: 3,
        invocations: 2,
        programs: ["count"],
        holds: (values) => sum(values) === 6n,
        bounds: { seconds: 15 },
      });
      if (!isProved(exact)) return notProved(exact, t`Six runs have to add up to 6 on every schedule.`);
      const once = await simulate(answer, { cpus: 1, invocations: 1, programs: ["count"] }), { steps } = once;
      if (steps > 2) {
        const message = t`A run takes ${steps} visible operations; at most 2 are wanted.`;
        return tooMuch(message, once.trace());
      }
      const cost = async (object: typeof answer) =>
        (await simulate(object, { cpus: 8, invocations: 300, programs: ["count"], profile: PROFILE })).nsPerOp!;
      const [own, shared] = [await cost(answer), await cost(await atomic())];
      const message = t`${own.toFixed(1)} ns against ${shared.toFixed(1)} ns of the atomic counter at 8 CPUs.`;
      if (own < shared / 10) return { passed: true, message };
      const fought = travelling((await simulate(answer, { cpus: 2, invocations: 1, programs: ["count"] })).trace());
      return { passed: false, message: [message, fought].filter(Boolean).join(" ") };
    },
  },
], ["title", "hints"]);
