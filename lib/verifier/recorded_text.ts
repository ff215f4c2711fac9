/** What kernels of several releases said of a program, in a line for people. */
import type { BpfObject } from "../object/bpf_object.ts";
import { errnoName } from "../uapi/errno.ts";
import { type KernelRelease, RELEASES } from "../uapi/releases.ts";
import { type RecordedVerdict, recordedVerdict } from "./kernel/recorded_verdicts.ts";

/** Verdicts by release; undefined where none is recorded. */
export type RecordedByRelease = Readonly<Record<KernelRelease, RecordedVerdict | undefined>>;

export const recordedByRelease = (object: BpfObject, program: string): RecordedByRelease =>
  Object.fromEntries(
    RELEASES.map((release) => [release, recordedVerdict(object, program, release)]),
  ) as RecordedByRelease;

/**
 * `recorded: accepted by 6.12, 6.18; refused by 6.1, EINVAL: invalid func unknown#209`: releases that said the same
 * stand together, the newest's verdict last, with the message of each other one.
 */
export function recordedText(verdicts: RecordedByRelease): string {
  const groups = new Map<string, KernelRelease[]>();
  for (const release of RELEASES) {
    const verdict = verdicts[release], text = verdict ? describe(verdict) : MISSING;
    groups.set(text, [...groups.get(text) ?? [], release]);
  }
  const missing = groups.get(MISSING) ?? [];
  groups.delete(MISSING);
  const notRecorded = `${missing.join(", ")}: not recorded`;
  if (groups.size === 0) return notRecorded;
  const said = [...groups].map(([text, releases]) => {
    const colon = text.indexOf(","),
      [verdict, why] = colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon)];
    return `${verdict} by ${releases.join(", ")}${why}`;
  });
  return `recorded: ${said.join("; ")}${missing.length > 0 ? `; ${notRecorded}` : ""}`;
}

const MISSING = "";

const describe = ({ verdict, errno, message }: RecordedVerdict): string =>
  verdict === "accept" ? "accepted" : `refused, ${errnoName(errno)}: ${message}`;
