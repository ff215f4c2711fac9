/** Exercises of chapter 08: ordering. Each is judged under x86's memory, under the BPF model, or under both. */
import { simulate } from "../../backends/simulator.ts";
import { bpf } from "../../compile/bpf.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import type { Values } from "../../report/result.ts";
import { explore } from "../../search/explore.ts";
import { type Exercise, type Marked, wantNumber, wantObject } from "./exercise.ts";
import { bySchedule, isProved, notProved, tooMuch } from "./judging.ts";
import { whatItRead } from "./why.ts";
import { t, translated } from "../../words/translation.ts";

const halfRepaired = () =>
  bpf`
long x, y, saw_x, saw_y, barrier;

SEC("raw_tp")
int left(void *ctx)
{
	WRITE_ONCE(x, 1);
	__sync_fetch_and_add(&barrier, 1);
	saw_y = READ_ONCE(y);
	return 0;
}

SEC("raw_tp")
int right(void *ctx)
{
	WRITE_ONCE(y, 1);
	saw_x = READ_ONCE(x);
	return 0;
}
`;

const buffering = () =>
  bpf`
long x, y, saw_x, saw_y;

SEC("raw_tp")
int left(void *ctx)
{
	WRITE_ONCE(x, 1);
	saw_y = READ_ONCE(y);
	return 0;
}

SEC("raw_tp")
int right(void *ctx)
{
	WRITE_ONCE(y, 1);
	saw_x = READ_ONCE(x);
	return 0;
}
`;

const onTwoCpus = (first: string, second: string) => ({
  programs: [{ prog: first, cpus: [0] }, { prog: second, cpus: [1] }],
  invocations: 1,
});

/** Both models have to prove it; the message names the one that does not. */
async function provedUnderBoth(
  answer: BpfObject,
  programs: ReturnType<typeof onTwoCpus>,
  holds: (values: Values) => boolean,
  wrong: string,
): Promise<Marked | undefined> {
  for (const memory of ["x86", "bpf"] as const) {
    const found = await explore(answer, { ...programs, memory, holds, bounds: { seconds: 10 } });
    if (!isProved(found)) return notProved(found, t`Under memory: "${memory}" ${wrong}`);
  }
  return undefined;
}

/** The first of these variables that the answer lacks. */
async function lacks(answer: BpfObject, prog: string, names: readonly string[]): Promise<string | undefined> {
  const { final } = await simulate(answer, { programs: [prog], cpus: 1, invocations: 1 });
  return names.find((name) => typeof final[name] !== "bigint");
}

export const exercises: readonly Exercise[] = translated([
  {
    id: "08.1",
    title: "Count what one barrier leaves possible",
    asks: "change",
    hints: [
      "Only `left` waits until its store is in memory.",
      "`right`'s store may still wait while it loads x. When does `left` run then?",
    ],
    async mark(answer) {
      const said = wantNumber(answer);
      const { outcomes } = await explore(await halfRepaired(), { ...onTwoCpus("left", "right"), memory: "x86" });
      const pairs = new Set(outcomes.map(({ values }) => `${values.saw_x}/${values.saw_y}`));
      if (said !== pairs.size) return { passed: false, message: t`There are not ${said} pairs.` };
      return {
        passed: true,
        message: t`All of ${[...pairs].sort().join(", ")}: a barrier on one side alone forbids nothing here.`,
      };
    },
  },
  bySchedule({
    id: "08.2",
    title: "Keep both stores back",
    hints: [
      "A run has three steps: store its word, load the other's, store what it saw.",
      "f0 flushes the oldest store of CPU 0's buffer, f1 of CPU 1's. Nothing is flushed before its time comes.",
      "Both loads have to come before both flushes.",
    ],
    object: buffering,
    workload: { ...onTwoCpus("left", "right"), memory: "x86" },
    reached: ({ saw_x, saw_y }) => saw_x === 0n && saw_y === 0n,
    passed: () => t`Each CPU stored a 1, and each saw a 0. Every x86 does this.`,
    failed: ({ saw_x, saw_y }, trace) =>
      t`saw_x is ${saw_x} and saw_y is ${saw_y}: one of them saw the other's store. ${
        whatItRead(trace, "left", "right")
      }`,
  }),
  {
    id: "08.3",
    title: "Repair the reader of a sequence counter",
    asks: "repair",
    hints: [
      "The loads of a and b may come after the second look at `version`. What keeps a load before later ones?",
      "A load-acquire keeps what comes after it behind it. Which loads have to stay before the second look?",
    ],
    async mark(answer) {
      wantObject(answer);
      const missing = await lacks(answer, "read", ["version", "a", "b", "valid", "seen_a", "seen_b"]);
      if (missing) return { passed: false, message: t`The variable \`${missing}\` has to stay.` };
      const programs = onTwoCpus("write", "read");
      const { outcomes } = await explore(answer, { ...programs, memory: "sc", bounds: { seconds: 10 } });
      const sees = (value: bigint) =>
        outcomes.some(({ values: v }) => v.valid === 1n && v.seen_a === value && v.seen_b === value);
      if (!sees(0n) || !sees(1n) || outcomes.some(({ values }) => values.a !== 1n || values.b !== 1n)) {
        return {
          passed: false,
          message:
            t`\`write\` has to leave 1 in a and b, and \`read\` to say \`valid\` with what it saw before a write and after one.`,
        };
      }
      const whole = (values: Values) => values.valid === 0n || values.seen_a === values.seen_b;
      const wrong = await provedUnderBoth(
        answer,
        programs,
        whole,
        t`a reader can take one old and one new field for valid.`,
      );
      return wrong ??
        { passed: true, message: t`No reader takes half of an update for valid, on x86 or anywhere else.` };
    },
  },
  {
    id: "08.4",
    title: "Pass a message without a read-modify-write",
    asks: "speed up",
    hints: [
      "A full barrier keeps everything in order. Which two orders does this take?",
      "The sender's stores: a release. The receiver's loads: an acquire. Both need -mcpu=v4 in a comment.",
    ],
    async mark(answer) {
      wantObject(answer);
      const missing = await lacks(answer, "receive", ["data", "flag", "saw_flag", "saw_data"]);
      if (missing) return { passed: false, message: t`The variable \`${missing}\` has to stay.` };
      const programs = onTwoCpus("send", "receive");
      const { outcomes } = await explore(answer, { ...programs, memory: "sc", bounds: { seconds: 10 } });
      const arrives = outcomes.some(({ values }) => values.saw_flag === 1n && values.saw_data === 7n);
      if (!arrives || outcomes.some(({ values }) => values.data !== 7n || values.flag !== 1n)) {
        return {
          passed: false,
          message: t`\`send\` has to leave 7 in data and 1 in flag, and \`receive\` can see both.`,
        };
      }
      const passed = (values: Values) => values.saw_flag === 0n || values.saw_data === 7n;
      const wrong = await provedUnderBoth(answer, programs, passed, t`the flag can be seen without the data.`);
      if (wrong) return wrong;
      const run = await simulate(answer, programs), atomics = run.trace().filter(({ kind }) => kind === "rmw");
      if (atomics.length > 0) {
        const n = atomics.length, many = n === 1 ? t`${n} read-modify-write` : t`${n} read-modify-writes`;
        const message = t`Right under both models, but with ${many}: each takes the cache line for itself.`;
        return tooMuch(message, atomics);
      }
      return { passed: true, message: t`Right under both models; on x86 these are the plain moves of the CPU.` };
    },
  },
], ["title", "hints"]);
