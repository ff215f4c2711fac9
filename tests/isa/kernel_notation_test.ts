/** Our text of an instruction against a recorded and the running kernel's, and our numbers against its BTF. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { helperName } from "../../lib/uapi/helpers.ts";
import { listProgram } from "../../lib/object/program_listing.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { parseBtf } from "../../lib/object/btf_parser.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const KERNEL_BTF = "/sys/kernel/btf/vmlinux";
const kernelBtf = existsSync(KERNEL_BTF) ? new Uint8Array(readFileSync(KERNEL_BTF)) : undefined;
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

describe("the running kernel's BTF", () => {
  const agreement = new KernelAgreement("numbers of helpers and map types");
  const compare = () => {
    const { types } = parseBtf(kernelBtf!);
    expect(types.length).toBeGreaterThan(10_000);
    const constants = (first: string) =>
      types.find((type) => type.kind === "enum" && type.values!.some((one) => one.name === first))!.values!;
    const helpers = constants("BPF_FUNC_map_lookup_elem").filter(({ name }) => name.startsWith("BPF_FUNC_"));
    for (const { name, value } of helpers) {
      // A newer kernel's list may be longer only if it was not closed after all.
      const expected = name === "BPF_FUNC_unspec" ? undefined : name.replace("BPF_FUNC_", "bpf_");
      expect([value, helperName(Number(value))]).toEqual([value, expected]);
    }
    const header = readFileSync(
      fileURLToPath(new URL("../../lib/compile/include/linux/bpf.h", import.meta.url)),
      "utf8",
    );
    const ours = new Map([...header.matchAll(/\b(BPF_MAP_TYPE_\w+) = (\d+)/g)].map((one) => [one[1], BigInt(one[2])]));
    const theirs = new Map(constants("BPF_MAP_TYPE_HASH").map(({ name, value }) => [name, value]));
    for (const [name, value] of ours) if (theirs.has(name)) expect([name, theirs.get(name)]).toEqual([name, value]);
  };
  const judged = () => agreement.values("BTF of the kernel", compare).then(() => agreement.print());
  if (kernelBtf) it("has the helpers and map types by our numbers", judged);
  else it.skip(`has the helpers and map types by our numbers (skipped: no ${KERNEL_BTF})`, judged);
});
