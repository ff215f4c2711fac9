/** The running kernel, asked now, about the recorded programs: the verdicts must still hold where it can be asked. */
import { describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { linuxVerify } from "../../lib/backends/linux/verify.ts";
import { possibleCpus } from "../../lib/cli/verify.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { verdictOf } from "./message_comparison.ts";
import { objectNames, objectOf, recorded } from "./recorded_programs.ts";

const availability = linuxAvailable();
const test = availability.available ? it : it.skip;
const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;
/** Maps that cannot be created, and sections that no libbpf knows: libbpf speaks, in words that change with it. */
const isVerifierMatter = (name: string): boolean => !name.startsWith("creation-");
/** Endless loops: the kernel's log ends with the two states, not with the message. */
const ENDLESS = /^infinite loop|^BPF program is too large|^The sequence of/;

describe("the running kernel", () => {
  for (const name of objectNames.filter(isVerifierMatter)) {
    test(`says of ${name} what we say${reason}`, async () => {
      const cpus = await possibleCpus();
      for (const { program, message } of recorded.programs.filter((program) => program.object === name)) {
        if (ENDLESS.test(message) || /^expected prog array map/.test(message)) continue;
        const [ours] = verify(objectOf(name), { program, cpus }), kernel = linuxVerify(objectOf(name), { program });
        expect({ program, ...verdictOf(ours) }).toEqual({ program, ...verdictOf(kernel) });
      }
    });
  }
});
