/** Every recorded program gets the verdict, the errno and the message that the kernel gave. */
import { describe, expect, it } from "vitest";
import { verify } from "../../lib/verifier/verify.ts";
import { verdictOf } from "./message_comparison.ts";
import { objectNames, objectOf, recorded } from "./recorded_programs.ts";

/** Followed for a million instructions before they are refused: one of them is enough. */
const LONG = ["unbounded_by_input", "loop_count_unknown"];

for (const name of objectNames) {
  describe(name, () => {
    for (const kernel of recorded.programs.filter((program) => program.object === name)) {
      if (LONG.includes(kernel.program ?? "")) continue;
      it(`${kernel.program ?? "all of it"}: ${kernel.message || "accepted"}`, () => {
        const verdicts = verify(objectOf(name), { program: kernel.program, cpus: recorded.cpus });
        const ours = verdicts.find((verdict) => verdict.verdict === "reject") ?? verdicts[0];
        expect(verdictOf(ours)).toEqual(verdictOf(kernel));
      });
    }
  });
}
