/** Exercises of chapter 01: race conditions. */
import { simulate } from "../../backends/simulator.ts";
import { bpf } from "../../compile/bpf.ts";
import { explore } from "../../search/explore.ts";
import { type Exercise, wantNumber, wantObject } from "./exercise.ts";
import { bySchedule, isProved, notProved, tooMuch } from "./judging.ts";
import { lastWrite } from "./why.ts";
import { t, translated } from "../../words/translation.ts";

const racy = () =>
  bpf`
volatile int counter;

SEC("tp_btf/sys_enter")
int sys_enter_count(void *ctx)
{
	counter += 1;
	return 0;
}
`;

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

export const exercises: readonly Exercise[] = translated([
  {
    id: "01.1",
    title: "Find the number of CPUs that loses more than 90 %",
    asks: "change",
    hints: [
      "Change the list of CPUs in the first cell of chapter 00.",
      "simulate(racy, { cpus, invocations: 1000, seed: 1 }).lost is the share that is lost.",
      "It is between 8 and 64.",
    ],
    async mark(answer) {
      const cpus = wantNumber(answer), options = { invocations: 1000, seed: 1 };
      if (!Number.isInteger(Math.log2(cpus))) {
        return { passed: false, message: t`${cpus} is no power of two: 1, 2, 4, 8 ...` };
      }
      const here = await simulate(await racy(), { ...options, cpus });
      if (here.lost <= 0.9) return { passed: false, message: t`${cpus} CPUs lose ${percent(here.lost)}: not enough.` };
      const half = await simulate(await racy(), { ...options, cpus: Math.max(1, Math.floor(cpus / 2)) });
      if (half.lost > 0.9) {
        return {
          passed: false,
          message: t`${cpus} CPUs lose ${percent(here.lost)}, but half as many lose ${percent(half.lost)}.`,
        };
      }
      return { passed: true, message: t`${cpus} CPUs lose ${percent(here.lost)}, half as many ${percent(half.lost)}.` };
    },
  },
  bySchedule({
    id: "01.2",
    title: "Write a schedule that ends at 2",
    hints: [
      "The last store decides. Which number has it loaded?",
      "CPU 0 loads first, and stores after CPU 1's first run is over.",
      "CPU 1's last load has to see CPU 0's first store, and its last store has to be the last of all.",
    ],
    object: racy,
    workload: { cpus: 2, invocations: 2 },
    reached: ({ counter }) => counter === 2n,
    passed: () => t`It ends at 2, the least there is.`,
    failed: ({ counter }, trace) => t`This schedule ends at ${counter}, not at 2. ${lastWrite(trace, "counter")}`,
  }),
  {
    id: "01.3",
    title: "Repair the two programs",
    asks: "repair",
    hints: ["Both programs have to change.", "__sync_fetch_and_add takes negative numbers too."],
    async mark(answer) {
      wantObject(answer);
      const names = answer.programs.map((program) => program.name).sort().join(", ");
      if (names !== "deposit, withdraw") {
        return {
          passed: false,
          message: t`The listing needs the programs deposit and withdraw; it has ${names || "none"}.`,
        };
      }
      const found = await explore(answer, {
        cpus: 2,
        invocations: 1,
        programs: ["deposit", "withdraw"],
        bounds: { seconds: 10 },
      });
      const alone = await simulate(answer, { cpus: 1, invocations: 1, programs: ["deposit", "withdraw"] });
      if (alone.serial?.balance !== 2n) {
        return {
          passed: false,
          message:
            t`One deposit of 5 and one withdrawal of 3 must leave 2 in \`balance\`; they leave ${alone.serial?.balance}.`,
        };
      }
      if (isProved(found)) {
        return { passed: true, message: t`No schedule loses an update (${found.states} states, all of them).` };
      }
      return notProved(found, t`Updates can still be lost: ${found.observation}.`);
    },
  },
  {
    id: "01.4",
    title: "Count three things in one visible operation",
    asks: "speed up",
    hints: [
      "The three sums live in one variable already.",
      "Adding x and then adding y is adding x + y.",
    ],
    async mark(answer) {
      wantObject(answer);
      const once = await simulate(answer, { cpus: 1, invocations: 1 });
      if (once.final.totals !== 1n + (2n << 16n) + (3n << 32n)) {
        return { passed: false, message: t`After one run a has to be 1, b 2 and c 3, in their bits of \`totals\`.` };
      }
      const found = await explore(answer, {
        cpus: 3,
        invocations: 1,
        holds: (values) => values.totals === 3n + (6n << 16n) + (9n << 32n),
        bounds: { seconds: 10 },
      });
      if (!isProved(found)) return notProved(found, t`Three runs have to make a 3, b 6 and c 9; updates can be lost.`);
      if (once.steps > 1) {
        return tooMuch(t`Exact, but a run takes ${once.steps} visible operations; one is enough.`, once.trace());
      }
      return { passed: true, message: t`Exact on every schedule, with one visible operation a run.` };
    },
  },
], ["title", "hints"]);
