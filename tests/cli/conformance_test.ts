import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { byteCodeOf, parseHexBytes, runConformance } from "../../lib/cli/conformance.ts";

const run = (program: string, memory = "") =>
  runConformance(parseHexBytes(program, "the program"), parseHexBytes(memory, "the memory"));

const EXIT = "95 00 00 00 00 00 00 00";

describe("a conformance run", () => {
  it("gives r0", () => expect(run(`b7 00 00 00 2a 00 00 00  ${EXIT}`)).toBe(42n));
  it("gives all 64 bits of r0, unsigned", () => {
    expect(run(`b7 00 00 00 ff ff ff ff ${EXIT}`)).toBe(0xffff_ffff_ffff_ffffn);
  });
  it("passes the memory's address and length", () => {
    const loadLastByte = `bf 10 00 00 00 00 00 00  0f 20 00 00 00 00 00 00  71 00 ff ff 00 00 00 00 ${EXIT}`;
    expect(run(loadLastByte, "11 22 33 ")).toBe(0x33n);
    expect(run(`bf 20 00 00 00 00 00 00 ${EXIT}`, "11 22 33")).toBe(3n);
    expect(run(`bf 10 00 00 00 00 00 00 ${EXIT}`)).toBe(0n);
  });
  it("lets a program change its memory", () => {
    expect(run(`72 01 01 00 aa 00 00 00  69 10 00 00 00 00 00 00 ${EXIT}`, "01 02")).toBe(0xaa01n);
  });
  it("follows local calls, each with r6 to r9 and a stack of its own", () => {
    const caller = "b7 06 00 00 05 00 00 00  7a 0a f8 ff 07 00 00 00  85 10 00 00 03 00 00 00";
    const sum = `0f 60 00 00 00 00 00 00  79 a1 f8 ff 00 00 00 00  95 00 00 00 00 00 00 00`;
    const callee = "b7 06 00 00 09 00 00 00  7a 0a f8 ff 09 00 00 00  bf 60 00 00 00 00 00 00";
    expect(run(`${caller} ${sum} ${callee} ${EXIT}`)).toBe(14n);
  });
  it("has the kernel's helper functions that need no map", () => {
    const twice = "85 00 00 00 05 00 00 00  bf 06 00 00 00 00 00 00  85 00 00 00 05 00 00 00";
    expect(run(`${twice} 1f 60 00 00 00 00 00 00 ${EXIT}`)).toBeGreaterThan(0n); // bpf_ktime_get_ns goes on
    expect(run(`85 00 00 00 08 00 00 00 ${EXIT}`)).toBe(0n); // bpf_get_smp_processor_id
    const probeRead =
      "bf 13 00 00 00 00 00 00  bf a1 00 00 00 00 00 00  07 01 00 00 f8 ff ff ff  b7 02 00 00 08 00 00 00";
    const call = "85 00 00 00 71 00 00 00  79 a0 f8 ff 00 00 00 00"; // bpf_probe_read_kernel, from memory to stack
    expect(run(`${probeRead} ${call} ${EXIT}`, "01 02 03 04 05 06 07 08")).toBe(0x0807060504030201n);
  });
  it("takes shifts by immediates beyond the width, and divisions by an immediate zero, as RFC 9669 defines them", () => {
    expect(run(`b7 00 00 00 01 00 00 00  67 00 00 00 41 00 00 00 ${EXIT}`)).toBe(2n);
    expect(run(`b4 00 00 00 01 00 00 00  64 00 00 00 ff ff ff ff ${EXIT}`)).toBe(0x8000_0000n);
    expect(run(`b7 00 00 00 09 00 00 00  37 00 00 00 00 00 00 00 ${EXIT}`)).toBe(0n);
    expect(run(`b7 00 00 00 f7 ff ff ff  94 00 01 00 00 00 00 00 ${EXIT}`)).toBe(0xffff_fff7n);
  });
  it("takes the byte code of an object file", () => {
    const object = readFileSync(new URL("data/returns_zero.o", import.meta.url));
    expect(runConformance(byteCodeOf(object), new Uint8Array())).toBe(0n);
  });

  const REFUSED: readonly (readonly [string, string, string, string])[] = [
    ["words that are no bytes", "b7 xx", "", 'the program: "xx" is not a hex byte'],
    ["memory that is no bytes", EXIT, "100", 'the memory: "100" is not a hex byte'],
    ["half an instruction", "b7 00 00", "", "byte code of 3 bytes"],
    ["an empty program", "", "", "no instructions"],
    ["an unknown opcode", `ff 00 00 00 00 00 00 00 ${EXIT}`, "", "insn 0: unknown opcode ff"],
    ["callx", `8d 00 00 00 02 00 00 00 ${EXIT}`, "", "callx"],
    [
      "a helper that is not modelled",
      `85 00 00 00 49 00 00 00 ${EXIT}`,
      "",
      "insn 0: calls helper bpf_lwt_push_encap",
    ],
    ["a helper that is not there", `85 00 00 00 ff ff 00 00 ${EXIT}`, "", "insn 0: calls helper unknown#65535"],
    ["a helper's bad argument", `b7 01 00 00 05 00 00 00  85 00 00 00 01 00 00 00 ${EXIT}`, "", "map"],
    [
      "a helper with callbacks",
      `b7 01 00 00 05 00 00 00  85 00 00 00 b5 00 00 00 ${EXIT}`,
      "",
      "runs other BPF functions",
    ],
    ["a kernel function", `85 20 00 00 2a 00 00 00 ${EXIT}`, "", "insn 0: calls kernel function 42"],
    ["a map", `18 11 00 00 01 00 00 00 00 00 00 00 00 00 00 00 ${EXIT}`, "", "needs an object"],
    ["a load past the memory", `71 10 02 00 00 00 00 00 ${EXIT}`, "01 02", "insn 0: read of 1 bytes at offset 2"],
    ["a load through null", `71 10 00 00 00 00 00 00 ${EXIT}`, "", "null pointer"],
    ["a store past the stack", `7b 1a fc ff 00 00 00 00 ${EXIT}`, "", "outside the function's stack"],
    ["a misaligned atomic", `db 11 01 00 00 00 00 00 ${EXIT}`, "00 00 00 00 00 00 00 00 00", "misaligned atomic"],
    ["endless recursion", `85 10 00 00 ff ff ff ff ${EXIT}`, "", "call stack of 8 frames is full"],
  ];
  for (const [name, program, memory, message] of REFUSED) {
    it(`refuses ${name}`, () => expect(() => run(program, memory)).toThrow(message));
  }
});
