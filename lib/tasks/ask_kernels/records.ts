/** The file of recorded verdicts, read and written: an object a line, so that a new listing is a new line. */
import { existsSync } from "node:fs";
import {
  type RecordedKernel,
  type RecordedVerdicts,
  recordedVerdicts,
} from "../../verifier/kernel/recorded_verdicts.ts";
import { type KernelRelease, RELEASES } from "../../uapi/releases.ts";
import { RECORDED_PATH } from "./data_files.ts";

export type ByRelease = { [release in KernelRelease]?: string };

export interface Records {
  readonly kernels: RecordedVerdicts["kernels"];
  /** By the object's hash, a space and the program. */
  readonly programs: ReadonlyMap<string, ByRelease>;
}

/** What is there so far. */
export function readRecords(): Records {
  if (!existsSync(RECORDED_PATH)) return { kernels: {}, programs: new Map() };
  const { kernels, objects } = recordedVerdicts();
  const programs = new Map(
    objects.flatMap((object) =>
      Object.entries(object.programs).map(([name, verdicts]): [string, ByRelease] => [
        `${object.sha256} ${name}`,
        typeof verdicts === "string" ? Object.fromEntries(RELEASES.map((release) => [release, verdicts])) : verdicts,
      ])
    ),
  );
  return { kernels, programs };
}

const ORIGIN = "deno task ask-kernels: each program loaded alone, by libbpf, as root";

/** @param names of the object files, by hash: they are written in this order */
export function recordsText(
  kernels: RecordedVerdicts["kernels"],
  names: ReadonlyMap<string, string>,
  programs: ReadonlyMap<string, ByRelease>,
): string {
  const lines = [...names].map(([sha256, name]) => {
    const own = [...programs].filter(([key]) => key.startsWith(`${sha256} `));
    const verdicts = Object.fromEntries(own.map(([key, one]) => [key.slice(sha256.length + 1), together(one)]));
    return JSON.stringify({ name, sha256, programs: verdicts });
  });
  const ordered = RELEASES.flatMap((release) => kernels[release] ? [[release, kernels[release]]] as const : []);
  const kernelLines = ordered.map(([release, kernel]: readonly [string, RecordedKernel]) =>
    `    ${JSON.stringify(release)}: ${JSON.stringify(kernel)}`
  );
  return `{\n  "origin": ${JSON.stringify(ORIGIN)},\n  "kernels": {\n${kernelLines.join(",\n")}\n  },\n` +
    `  "objects": [\n${lines.map((line) => `    ${line}`).join(",\n")}\n  ]\n}\n`;
}

function together(verdicts: ByRelease): string | ByRelease {
  const [first, ...others] = RELEASES.map((release) => verdicts[release]);
  if (first !== undefined && others.every((other) => other === first)) return first;
  return Object.fromEntries(RELEASES.flatMap((release) => release in verdicts ? [[release, verdicts[release]]] : []));
}
