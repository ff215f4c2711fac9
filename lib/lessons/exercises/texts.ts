/** The words in which exercises say why an answer fails, in one place: an edition in another language changes this file. */
const plural = (n: number, one: string): string => `${n} ${one}${n === 1 ? "" : "s"}`;

export const texts = {
  /** A step of a trace, with the C line that it comes from. */
  step: (step: number, who: string, line?: string) => `step ${step} (${line ? `${who}, ${line}` : who})`,
  line: (number: number, text: string) => `line ${number}: \`${text}\``,
  lost: (store: string, lost: string, target: string, load: number) =>
    `${store} overwrites what ${lost} stored in \`${target}\`, having read it before, in step ${load}.`,
  torn: (stale: string, fresh: string, object: string, missed: string) =>
    `Of \`${object}\` half an update is read: ${stale} comes before ${missed} of it, ${fresh} after it.`,
  lastWrite: (target: string, write: string, before: string, after: string) =>
    `The last to write \`${target}\` is ${write}: ${before} -> ${after}`,
  readBefore: (value: string, step: number) => `, for it had read ${value} in step ${step}`,
  neverWritten: (target: string) => `No step writes \`${target}\`.`,
  read: (target: string, at: string, left: string) => `\`${target}\` is read in ${at} ${left}`,
  asAtFirst: "as it was at the start",
  asLeft: (step: number) => `as step ${step} left it`,
  between: (first: string, next: string, others: string) =>
    `It takes a stop between ${first} and ${next}, with ${others} in between.`,
  /** Of one run: what each C line does that others can see. */
  operations: (lines: readonly string[]) => `Visible operations: ${lines.join("; ")}.`,
  onLine: (n: number, line: string) => `${n} on ${line}`,
  sameBytes: (target: string, line: string, cpus: readonly number[]) =>
    `\`${target}\` is written by CPUs ${cpus.join(", ")} (${line}).`,
  sameLine: (targets: readonly string[], cpus: readonly number[]) =>
    `${targets.join(" and ")} lie in one cache line of 64 bytes, which CPUs ${cpus.join(", ")} take from each other.`,
  written: (target: string, line: string) => `\`${target}\` (${line})`,
  touched: (places: readonly string[]) => `What it shares is ${places.join(", ")}: each is touched alone.`,
  undisturbed: (load: string, store: string) => `Nothing runs between ${load} and ${store}.`,
  upTo: (step: string) => `The step before it is ${step}.`,
  reordered: ({ earlier, later, why }: { earlier: string; later: string; why: string }) =>
    `Nothing keeps ${earlier} before ${later}: ${why}.`,
  faultAt: (message: string) => `${message[0].toUpperCase()}${message.slice(1)}${message.endsWith(".") ? "" : "."}`,

  /** The exercise's player. */
  title: (id: string) => `You are the scheduler: exercise ${id}`,
  asked: "what is asked for",
  notAsked: "not what is asked for",
  yourSchedule: (steps: number) => `Your schedule, ${plural(steps, "step")}`,
  notAnswered: (title: string, wanted: string) => `Not answered yet. ${title}: ${wanted}`,
  wanted: {
    change: "put a number in the place of `undefined`.",
    schedule: "play it below, copy the schedule, and put it between the quotes.",
    listing: "give a listing, bpf`...`.",
  },
} as const;
