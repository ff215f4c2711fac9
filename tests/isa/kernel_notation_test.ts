/** Our text of an instruction against a recorded and the running kernel's. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { listProgram } from "../../lib/object/program_listing.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const ask = await (async () => {
  try {
    const [{ linuxVerify }, { linuxAvailable }] = await Promise.all([
      import("../../lib/backends/linux/verify.ts"),
      import("../../lib/backends/linux/available.ts"),
    ]);
    const availability = linuxAvailable();
    return availability.available ? { verify: linuxVerify } : { reason: availability.reason };
  } catch {
    return { reason: "not on Deno" };
  }
})();

const everyInsn = () => bpf.file(fileURLToPath(new URL("./data/every_insn.bpf.c", import.meta.url)));

interface Line {
  readonly insn: number;
  readonly ours: string;
  readonly kernel: string;
}

/** The instructions that a log has, in our words and in the kernel's. */
function comparedLines(object: BpfObject, log: string): readonly Line[] {
  const kernel = new Map(
    [...log.matchAll(/^(\d+): \([0-9a-f]{2}\) ([^;\n]*)/gm)].map((one) => [Number(one[1]), one[2]]),
  );
  return listProgram(object.programs[0], object.maps).filter((one) => kernel.has(one.insn)).map(({ insn, text }) => ({
    insn,
    ours: text.replace(/map\[.*/, "ADDRESS").replace("0xffffffffffffffff", "ADDRESS"),
    // The kernel says atomic64_ where the operand is 64 bits wide, which its type says too; addresses are its own.
    kernel: kernel.get(insn)!.trim().replace("atomic64_", "atomic_").replace(/0xffff[0-9a-f]{12}$/, "ADDRESS"),
  }));
}

describe("the verifier's log", () => {
  it("has the same text for every instruction, as recorded", async () => {
    const log = readFileSync(fileURLToPath(new URL("./data/every_insn.log", import.meta.url)), "utf8");
    const lines = comparedLines(await everyInsn(), log);
    expect(lines.length).toBeGreaterThan(50);
    for (const { insn, ours, kernel } of lines) expect(`${insn}: ${ours}`).toBe(`${insn}: ${kernel}`);
  });

  const compare = async () => {
    const agreement = new KernelAgreement("text of instructions"), object = await everyInsn();
    let log = "";
    const verdict = agreement.verdict("every_insn", { verdict: "accept", errno: 0, message: "" }, () => {
      const kernel = ask.verify!(object, { logLevel: 2 });
      log = kernel.log;
      return kernel;
    });
    if (verdict === "accept") {
      for (const { insn, ours, kernel } of comparedLines(object, log)) agreement.text(`insn ${insn}`, ours, kernel);
    }
    agreement.judge();
  };
  if (ask.verify) it("has our text for instructions on the running kernel", compare);
  else it.skip(`has our text for instructions on the running kernel (skipped: ${ask.reason})`, compare);
});
