/** The running kernel, asked now, about the recorded programs: the verdicts must still hold on a kernel of that release. */
import { describe, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { linuxVerify } from "../../lib/backends/linux/verify.ts";
import { possibleCpus } from "../../lib/cli/verify.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { objectNames, objectOf, recorded } from "./recorded_programs.ts";

const availability = linuxAvailable();
const test = availability.available ? it : it.skip;
const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;
/** Maps that cannot be created, and sections that no libbpf knows: libbpf speaks, in words that change with it. */
const isVerifierMatter = (name: string): boolean => !name.startsWith("creation-");
/** Endless loops, which take a second each, and a map of the wrong type in libbpf's words. */
const LEFT_OUT = /^infinite loop|^BPF program is too large|^The sequence of|^expected prog array map/;

describe("the running kernel", () => {
  test(`has our verdicts on the recorded programs${reason}`, async () => {
    const agreement = new KernelAgreement("verdicts on the recorded programs"), cpus = await possibleCpus();
    for (const name of objectNames.filter(isVerifierMatter)) {
      for (const { program, message } of recorded.programs.filter((program) => program.object === name)) {
        if (LEFT_OUT.test(message)) continue;
        const object = objectOf(name), [ours] = verify(object, { program, cpus });
        agreement.verdict(`${name} ${program ?? ""}`, ours, () => linuxVerify(object, { program }));
      }
    }
    agreement.judge();
  });
});
