/** Exercises of chapter 02: atomics. */
import { simulate } from "../../backends/simulator.ts";
import { bpf } from "../../compile/bpf.ts";
import { explore } from "../../search/explore.ts";
import { type Exercise, wantNumber, wantObject } from "./exercise.ts";
import { bySchedule, isProved, notProved, tooMuch } from "./judging.ts";
import { lastWrite } from "./why.ts";
import { t, translated } from "../../words/translation.ts";

const trusting = () =>
  bpf`
long highest;
volatile long next;

SEC("raw_tp")
int observe(void *ctx)
{
	long mine = __sync_fetch_and_add(&next, 3), seen = highest;

	if (mine > seen)
		__sync_val_compare_and_swap(&highest, seen, mine);
	return 0;
}
`;

export const exercises: readonly Exercise[] = translated([
  {
    id: "02.1",
    title: "Say what __sync_fetch_and_and returns",
    asks: "change",
    hints: ["First it fetches, and then it ands.", "Put it into the listing `builtins` and run it."],
    mark(answer) {
      const said = wantNumber(answer);
      if (said === 12) return Promise.resolve({ passed: true, message: t`The old value. a is 8 afterwards.` });
      const why = said === 8 ? t`That is what a holds afterwards.` : t`Try it in the listing \`builtins\`.`;
      return Promise.resolve({ passed: false, message: t`It does not return ${said}. ${why}` });
    },
  },
  bySchedule({
    id: "02.2",
    title: "Lose the maximum",
    hints: [
      "A run has up to three steps: take a number, load `highest`, compare and swap.",
      "The run with number 0 swaps nothing. Which two are left, and in which order do they have to load?",
      "Who takes number 6 must fail: its compare-and-swap has to find another value than it loaded.",
      "Run 6 has to load before run 3 swaps, and swap after it.",
    ],
    object: trusting,
    workload: { cpus: 3, invocations: 1 },
    reached: ({ highest }) => highest !== 6n,
    passed: ({ highest }) => t`highest ends at ${highest}, although somebody observed 6.`,
    failed: (_, trace) => t`highest ends at 6: nothing was lost. ${lastWrite(trace, "highest")}`,
  }),
  {
    id: "02.3",
    title: "Repair the ticket office",
    asks: "repair",
    hints: ["Two runs must never load the same `next`.", "What does __sync_fetch_and_add return?"],
    async mark(answer) {
      wantObject(answer);
      const alone = await simulate(answer, { cpus: 1, invocations: 3 });
      const owners = [0, 1, 2].map((i) => alone.final[`owner[${i}]`]);
      if (owners.some((owner) => owner !== 1n)) {
        return {
          passed: false,
          message: t`Three runs one after another have to take tickets 0, 1 and 2, and note each in \`owner\`.`,
        };
      }
      const found = await explore(answer, {
        cpus: 3,
        invocations: 1,
        holds: (values) => [0, 1, 2].every((ticket) => values[`owner[${ticket}]`] === 1n),
        bounds: { seconds: 10 },
      });
      if (!isProved(found)) return notProved(found, t`A ticket can be taken twice, while another one is left over.`);
      const sold = found.outcomes.find(({ values }) => values.sold !== 0n);
      if (sold) {
        return { passed: false, message: t`No ticket is taken twice, yet \`sold\` can be ${sold.values.sold}.` };
      }
      return { passed: true, message: t`No ticket is taken twice, in all ${found.states} states.` };
    },
  },
  {
    id: "02.4",
    title: "Write a counter of one visible operation",
    asks: "speed up",
    hints: ["The loop is there because compare-and-swap can fail. Which operation cannot?"],
    async mark(answer) {
      wantObject(answer);
      const once = await simulate(answer, { cpus: 1, invocations: 1 });
      if (once.final.counter !== 1n) return { passed: false, message: t`One run has to leave 1 in \`counter\`.` };
      const found = await explore(answer, {
        cpus: 3,
        invocations: 2,
        holds: (values) => values.counter === 6n,
        bounds: { seconds: 10 },
      });
      if (!isProved(found)) return notProved(found, t`Six runs have to leave 6 in \`counter\`; it can end otherwise.`);
      if (once.steps > 1) return tooMuch(t`Exact, but a run takes ${once.steps} visible operations.`, once.trace());
      return {
        passed: true,
        message: t`Exact on every schedule, and one visible operation a run: nobody can make it wait.`,
      };
    },
  },
], ["title", "hints"]);
