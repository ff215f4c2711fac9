/** `// interleave: allow lost-update, a statistic` on a line of a race or on the line before it. */
import type { BpfObject } from "../object/bpf_object.ts";
import type { Candidate } from "./finding.ts";

const ALLOW = /\/[/*]\s*interleave:\s*allow\s+([\w-]+)\s*(?:[,:]\s*(.*?))?\s*(?:\*\/\s*)?$/;

/** The reason that the listing gives for a race of this name; without one nothing is allowed. */
export function allowedBy({ source }: BpfObject, { name, sites }: Candidate): string | undefined {
  const lines = source?.split("\n") ?? [];
  for (const { line } of sites) {
    if (!line) continue;
    for (const text of [line.text, lines[line.line - 1] ?? "", lines[line.line - 2] ?? ""]) {
      const said = ALLOW.exec(text.trim());
      if (said && said[1] === name && said[2]) return said[2];
    }
  }
  return undefined;
}
