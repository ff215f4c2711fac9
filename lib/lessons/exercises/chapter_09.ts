/** Exercises of chapter 09: your program. They are judged by `findRaces`, and by every schedule of what has to be counted. */
import { simulate } from "../../backends/simulator.ts";
import { findRaces, type Races } from "../../check/find_races.ts";
import type { Site } from "../../check/finding.ts";
import { bpf } from "../../compile/bpf.ts";
import type { Values } from "../../report/result.ts";
import { explore } from "../../search/explore.ts";
import { type Exercise, type Marked, wantNumber, wantObject } from "./exercise.ts";
import { isProved, notProved } from "./judging.ts";
import { texts } from "./texts.ts";
import { foughtOver, quoteLine } from "./why.ts";
import { t, translated } from "../../words/translation.ts";

const four = () =>
  bpf`
long total, last, slots[64];

SEC("raw_tp")
int adds(void *ctx)
{
	total += 1;
	return 0;
}

SEC("raw_tp")
int takes(void *ctx)
{
	__sync_fetch_and_sub(&total, 1);
	return 0;
}

SEC("raw_tp")
int remembers(void *ctx)
{
	last = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp")
int counts_in_its_slot(void *ctx)
{
	slots[bpf_get_smp_processor_id() & 63] += 1;
	return 0;
}
`;

const numbers = (values: Values, ending: string): bigint =>
  Object.entries(values).filter(([name]) => name.endsWith(ending))
    .reduce((sum, [, value]) => sum + (typeof value === "bigint" ? value : 0n), 0n);

const siteOf = ({ line, insn }: Pick<Site, "line" | "insn">): string =>
  line ? quoteLine({ line }) ?? "" : t`instruction ${insn}`;

/** What the programs do to what they share, by C line. */
const touchedBy = ({ accesses }: Races): string =>
  texts.touched([...new Set(accesses.accesses.map((access) => texts.written(access.field, siteOf(access))))]);

/** What is left, in a sentence, with the findings to look at. */
function stillRacy(races: Races): Marked | undefined {
  if (races.exitCode === 0) return undefined;
  const [first] = races.races, rest = races.races.length - 1;
  if (!first) {
    return {
      passed: false,
      message: t`${races.accesses.unseen[0].prog} is refused by the verifier: ${races.accesses.unseen[0].why}`,
    };
  }
  const more = rest > 0 ? t`, and ${rest} more` : "";
  return {
    passed: false,
    message: t`check still finds a ${first.name} of ${first.field}, at ${siteOf(first.sites[0])}${more}.`,
    evidence: races.toBundle(),
  };
}

export const exercises: readonly Exercise[] = translated([
  {
    id: "09.1",
    title: "Tell how many races check finds",
    asks: "change",
    hints: [
      "Whose is a slot that has the CPU's number? And what is lost where a value is only ever replaced?",
      "An atomic on one side does not help a plain addition on the other.",
    ],
    async mark(answer): Promise<Marked> {
      const said = wantNumber(answer), { confirmed } = await findRaces(await four());
      const names = confirmed.map(({ name, field, sites }) => t`the ${name} of ${field} in ${sites[0].prog}`).join(
        t`, `,
      );
      if (said === confirmed.length) {
        return { passed: true, message: t`One: ${names}. The others have nothing to lose.` };
      }
      return {
        passed: false,
        message: said > confirmed.length ? t`So many are not wrong. Whose value is it?` : t`One of them loses updates.`,
      };
    },
  },
  {
    id: "09.2",
    title: "Write what two CPUs both pass",
    asks: "break",
    hints: [
      "A hash map, a look-up, and an insertion where nothing was found.",
      "Add to what is found atomically, so that no other race is there. BPF_ANY replaces.",
    ],
    async mark(answer): Promise<Marked> {
      wantObject(answer);
      const races = await findRaces(answer), { confirmed } = races;
      const other = races.races.find(({ name }) => name !== "check-then-act");
      if (other) {
        return {
          passed: false,
          message: t`There is a ${other.name} of ${other.field}, too.`,
          evidence: races.toBundle(),
        };
      }
      if (confirmed.length === 0) {
        const message = t`check finds no check-then-act with a witness.`;
        return { passed: false, message: `${message} ${touchedBy(races)}`, evidence: races.toBundle() };
      }
      return { passed: true, message: t`Two CPUs both find nothing, and one of them loses: ${confirmed[0].reason}.` };
    },
  },
  {
    id: "09.3",
    title: "Repair the counter of packets",
    asks: "repair",
    hints: [
      "Insert zeros with BPF_NOEXIST, whoever comes first, and look the value up again.",
      "Then both fields are added atomically, on one path for all.",
    ],
    async mark(answer): Promise<Marked> {
      wantObject(answer);
      const racy = stillRacy(await findRaces(answer));
      if (racy) return racy;
      const found = await explore(answer, {
        cpus: 2,
        invocations: 1,
        programs: ["count_source"],
        holds: (values) => numbers(values, ".packets") === 2n && numbers(values, ".bytes") === 128n,
        bounds: { seconds: 20 },
      });
      if (!isProved(found)) return notProved(found, t`Two packets of 64 bytes have to leave packets 2 and bytes 128.`);
      return { passed: true, message: t`No race is found, and every schedule counts both packets and their bytes.` };
    },
  },
  {
    id: "09.4",
    title: "Make the histogram one that nobody fights for",
    asks: "speed up",
    hints: ["BPF_MAP_TYPE_PERCPU_ARRAY", "The reader adds the CPUs' histograms up."],
    async mark(answer): Promise<Marked> {
      wantObject(answer);
      const racy = stillRacy(await findRaces(answer));
      if (racy) return racy;
      const run = await simulate(answer, { cpus: 4, invocations: 50, programs: ["measure"] });
      const inSlots = Object.entries(run.final).filter(([name]) => /\.slots\[\d+\]$/.test(name))
        .reduce((sum, [, value]) => sum + (value as bigint), 0n);
      if (inSlots !== 200n) {
        return {
          passed: false,
          message: t`The slots of all CPUs add up to ${inSlots}, not to 200: each run is in one slot.`,
        };
      }
      if (numbers(run.final, ".total") !== 200n) {
        const found = numbers(run.final, ".total");
        return { passed: false, message: t`4 CPUs x 50 runs add up to a total of ${found}, not to 200.` };
      }
      const fought = foughtOver(run.trace());
      if (fought) return { passed: false, message: t`Right, but ${fought}` };
      return { passed: true, message: t`No race is found, and no two CPUs touch the same bytes.` };
    },
  },
], ["title", "hints"]);
