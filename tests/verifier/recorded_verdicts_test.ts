/** Every recorded program gets the verdict, the errno and the message that the kernel gave. */
import { describe, expect, it } from "vitest";
import { kernelBtf } from "../../lib/verifier/kernel/kernel_btf.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { verdictOf } from "./message_comparison.ts";
import { objectNames, objectOf, recorded } from "./recorded_programs.ts";

/** Followed for a million instructions before they are refused: one of them is enough. */
const LONG = ["unbounded_by_input", "loop_count_unknown"];

/** What only a kernel's BTF tells: that the kernel lacks something. Without one these are not supported. */
const NEED_BTF = [
  "struct_lost",
  "struct_guarded",
  "struct_size_lost",
  "constant_guarded",
  "weak_missing",
  "weak_other_prototype",
  "cast_read",
  "cast_to_number",
  "cast_acquire",
];
const hasBtf = kernelBtf() !== null;

for (const name of objectNames) {
  describe(name, () => {
    for (const kernel of recorded.programs.filter((program) => program.object === name)) {
      if (LONG.includes(kernel.program ?? "")) continue;
      const isKnown = hasBtf || !NEED_BTF.includes(kernel.program ?? ""), test = isKnown ? it : it.skip;
      const reason = isKnown ? "" : " (skipped: no BTF of a kernel here)";
      test(`${kernel.program ?? "all of it"}: ${kernel.message || "accepted"}${reason}`, () => {
        const verdicts = verify(objectOf(name), { program: kernel.program, cpus: recorded.cpus });
        const ours = verdicts.find((verdict) => verdict.verdict === "reject") ?? verdicts[0];
        expect(verdictOf(ours)).toEqual(verdictOf(kernel));
      });
    }
  });
}
