/** The words in which exercises say why an answer fails, in one place. */
import { t, translated } from "../../words/translation.ts";

export const texts = translated({
  /** A step of a trace, with the C line that it comes from. */
  step: (step: number, who: string, line?: string) =>
    line ? t`step ${step} (${who}, ${line})` : t`step ${step} (${who})`,
  line: (number: number, text: string) => t`line ${number}: \`${text}\``,
  lost: (store: string, lost: string, target: string, load: number) =>
    t`${store} overwrites what ${lost} stored in \`${target}\`, having read it before, in step ${load}.`,
  torn: (stale: string, fresh: string, object: string, missed: string) =>
    t`Of \`${object}\` half an update is read: ${stale} comes before ${missed} of it, ${fresh} after it.`,
  lastWrite: (target: string, write: string, before: string, after: string) =>
    t`The last to write \`${target}\` is ${write}: ${before} -> ${after}`,
  readBefore: (value: string, step: number) => t`, for it had read ${value} in step ${step}`,
  neverWritten: (target: string) => t`No step writes \`${target}\`.`,
  read: (target: string, at: string, left: string) => t`\`${target}\` is read in ${at} ${left}`,
  asAtFirst: "as it was at the start",
  asLeft: (step: number) => t`as step ${step} left it`,
  between: (first: string, next: string, others: string) =>
    t`It takes a stop between ${first} and ${next}, with ${others} in between.`,
  /** Of one run: what each C line does that others can see. */
  operations: (lines: readonly string[]) => t`Visible operations: ${lines.join(t`; `)}.`,
  onLine: (n: number, line: string) => t`${n} on ${line}`,
  sameBytes: (target: string, line: string, cpus: readonly number[]) =>
    t`\`${target}\` is written by CPUs ${cpus.join(", ")} (${line}).`,
  sameLine: (targets: readonly string[], cpus: readonly number[]) =>
    t`${targets.join(t` and `)} lie in one cache line of 64 bytes, which CPUs ${cpus.join(", ")} take from each other.`,
  written: (target: string, line: string) => `\`${target}\` (${line})`,
  touched: (places: readonly string[]) => t`What it shares is ${places.join(t`, `)}: each is touched alone.`,
  undisturbed: (load: string, store: string) => t`Nothing runs between ${load} and ${store}.`,
  upTo: (step: string) => t`The step before it is ${step}.`,
  reordered: ({ earlier, later, why }: { earlier: string; later: string; why: string }) =>
    t`Nothing keeps ${earlier} before ${later}: ${why}.`,
  faultAt: (message: string) => `${message[0].toUpperCase()}${message.slice(1)}${/[.。]$/.test(message) ? "" : t`.`}`,

  /** The exercise's player. */
  title: (id: string) => t`You are the scheduler: exercise ${id}`,
  asked: "what is asked for",
  notAsked: "not what is asked for",
  yourSchedule: (steps: number) => steps === 1 ? t`Your schedule, ${steps} step` : t`Your schedule, ${steps} steps`,
  notAnswered: (title: string, wanted: string) => t`Not answered yet. ${title}: ${wanted}`,
  wanted: {
    change: "put a number in the place of `undefined`.",
    schedule: "play it below, copy the schedule, and put it between the quotes.",
    listing: "give a listing, bpf`...`.",
  },
});
