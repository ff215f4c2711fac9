/** Which features of programs our rules follow in older kernels: those that their recorded verdicts bear out. */
import type { BpfObject } from "../../object/bpf_object.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { type KernelRelease, NEWEST, RELEASES } from "../../uapi/releases.ts";
import { featuresOf } from "../../verifier/kernel/features.ts";
import { createMaps } from "../../verifier/kernel/map_creation.ts";
import type { RecordedVerdict } from "../../verifier/kernel/recorded_verdicts.ts";
import { verifyProgram } from "../../verifier/verify.ts";

/** A feature is followed where at most one in this many programs with it is judged otherwise. */
const ONE_IN = 20;

/** @param recorded the verdict of a kernel on a program, where there is one */
export function followedFeatures(
  objects: readonly BpfObject[],
  recorded: (object: BpfObject, program: string, kernel: KernelRelease) => RecordedVerdict | undefined,
  older: readonly KernelRelease[] = RELEASES.filter((release) => release !== NEWEST),
): Record<string, string[]> {
  return Object.fromEntries(older.map((kernel) => {
    const agreed = new Map<string, number>(), differed = new Map<string, number>();
    for (const object of objects) {
      const created = createMaps(object, kernel);
      for (const program of object.programs) {
        const said = recorded(object, program.name, kernel);
        if (!said || said.errno === ERRNO.E2BIG) continue;
        const { verdict } = verifyProgram(object, program, { created, kernel });
        if (verdict === "unsupported") continue;
        const counts = verdict === said.verdict ? agreed : differed;
        for (const feature of featuresOf(program, created)) counts.set(feature, (counts.get(feature) ?? 0) + 1);
      }
    }
    const features = [...agreed].filter(([feature, count]) => count >= (ONE_IN - 1) * (differed.get(feature) ?? 0));
    return [kernel, features.map(([feature]) => feature).sort()];
  }));
}

/** A feature a line. */
export const followedText = (features: Readonly<Record<string, readonly string[]>>): string =>
  JSON.stringify(features, null, 1) + "\n";
