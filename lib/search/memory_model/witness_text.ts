/** A witness under a weak model, as text: a table of events, the circle, and what mends it. */
import { textTable } from "../../report/text_table.ts";
import { type WeakWitness, whyNotKept, type WitnessEdge, type WitnessEvent } from "./explain.ts";
import { MOST_EDITS, type TriedRepair } from "./repair.ts";
import { t } from "../../words/translation.ts";

/** How a value is written: numbers, or names of places. */
export type FormatValue = (value: bigint, event: WitnessEvent) => string;

const plain: FormatValue = (value) => `${BigInt.asIntN(64, value)}`;

export function witnessText(witness: WeakWitness, format: FormatValue = plain): string {
  return [
    t`How it comes about (no order of all accesses explains it):`,
    eventTable(witness, format),
    "",
    ...witness.cycle.map((edge) => `  ${edgeText(witness, edge, format)}`),
    t`  so ${
      witness.events[witness.cycle[0].from].label
    } would have to come before itself: sequential consistency forbids it.`,
    verdict(witness),
  ].join("\n");
}

function eventTable({ events }: WeakWitness, format: FormatValue): string {
  const ordered = events.some(({ coherence }) => coherence && coherence.length > 2);
  const header = [
    "",
    t`thread`,
    t`line`,
    t`instruction`,
    t`does`,
    t`reads`,
    ...(ordered ? [t`writes to it, in order`] : []),
  ];
  const rows = events.map((event) => [
    event.label,
    event.name,
    event.line === undefined ? "" : `${event.line}`,
    event.insn,
    doing(event, format),
    event.from === undefined ? "" : event.from === "initial" ? t`the initial value` : t`from ${event.from}`,
    event.coherence && event.coherence.length > 2 ? event.coherence.join(", ") : "",
  ]);
  return textTable(header, rows, header.map((name) => name === "line" ? "right" : "left"));
}

function doing(event: WitnessEvent, format: FormatValue): string {
  const { place, read, written } = event;
  if (read !== undefined && written !== undefined) {
    return `${place}: ${format(read, event)} -> ${format(written, event)}`;
  }
  return read !== undefined ? t`sees ${place} = ${format(read, event)}` : `${place} = ${format(written!, event)}`;
}

function edgeText(
  { events, model }: WeakWitness,
  { from, to, kind, keptBy }: WitnessEdge,
  format: FormatValue,
): string {
  const a = events[from], b = events[to], first = t`${a.label} before ${b.label}`;
  switch (kind) {
    case "po":
      return keptBy
        ? t`${first}: program order of ${a.name}, kept by ${keptBy}`
        : t`${first}: program order of ${a.name}, NOT KEPT: ${whyNotKept(a, b, model)}`;
    case "rf":
      return t`${first}: ${b.label} reads what ${a.label} wrote`;
    case "co":
      return t`${first}: both write ${a.place}, and ${b.label} overwrites`;
    case "fr":
      return t`${first}: ${a.label} still sees ${a.place} = ${format(a.read!, a)}, which ${b.label} overwrites`;
  }
}

/** The steps of program order that the model does not keep: at which lines, and why. */
export function reorderedIn({ events, cycle, model }: WeakWitness): { earlier: string; later: string; why: string }[] {
  const at = ({ place, line, name }: WitnessEvent) =>
    line === undefined ? t`${place} of ${name}` : t`\`${place}\` in line ${line}`;
  return cycle.filter(({ kind, keptBy }) => kind === "po" && keptBy === undefined).map(({ from, to }) => ({
    earlier: at(events[from]),
    later: at(events[to]),
    why: whyNotKept(events[from], events[to], model),
  }));
}

function verdict({ cycle, model }: WeakWitness): string {
  const loose = cycle.filter(({ kind, keptBy }) => kind === "po" && keptBy === undefined).length;
  if (loose > 0) {
    return loose === 1
      ? t`  The model ${model} allows it: one step of program order is not kept.`
      : t`  The model ${model} allows it: ${loose} steps of program order are not kept.`;
  }
  return t`  The model ${model} allows it although every step of program order is kept: a store need not reach all CPUs at the same time. A full barrier after what was read waits until it has (rule Propagation).`;
}

export function repairText(tried: readonly TriedRepair[]): string {
  if (tried.length === 0) return t`Repairs: none was found.`;
  const failed = tried.filter(({ observation }) => observation !== "Never");
  const mends = tried.filter(({ observation }) => observation === "Never");
  return [
    mends.length > 0
      ? t`Repairs, each tried under this model:`
      : t`Repairs: none of up to ${MOST_EDITS} changes along this circle was found to help:`,
    ...mends.map(({ text }) => t`  with ${text}: Never`),
    ...failed.map(({ text, observation }) => t`  with ${text} alone: still ${observation}`),
  ].join("\n");
}
