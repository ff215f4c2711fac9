import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { decode } from "../../lib/isa/insn.ts";
import { verify } from "../../lib/verifier/verify.ts";

const listing = () =>
  bpf`
static long x;
SEC("raw_tp") __attribute__((naked)) int patched(void *ctx) {
  asm volatile("r0 = 0; r0 = 0; exit;" ::: );
}
SEC("raw_tp") __attribute__((naked)) int half_pointer(void *ctx) {
  asm volatile("r1 = %[x] ll; if w1 != 0 goto 1f; r0 = r9; exit; 1: r0 = 0; exit;" ::[x] "i"(&x) : );
}
/* Without a call in C the object does not say what the function is. */
SEC("raw_tp") int calls(void *ctx) {
  struct bpf_iter_num numbers;
  bpf_iter_num_new(&numbers, 0, 1);
  bpf_iter_num_destroy(&numbers);
  return 0;
}
SEC("raw_tp") __attribute__((naked)) int unwritten_argument(void *ctx) {
  asm volatile("call 7; r2 = 0; r3 = 1; call %[create]; r0 = 0; exit;" ::[create] "i"(bpf_iter_num_new) : );
}
`;

/** The first instruction, and what a 6.18 kernel says of the program. */
const PATCHES: readonly (readonly [bytes: readonly number[], message: string])[] = [
  [[0x05, 0, 0, 0, 0, 0, 0, 0], ""],
  [[0x05, 0, 0, 0, 1, 0, 0, 0], "BPF_JA uses reserved fields"],
  [[0x05, 0x10, 0, 0, 0, 0, 0, 0], "BPF_JA uses reserved fields"],
  [[0x05, 0x01, 0, 0, 0, 0, 0, 0], "BPF_JA uses reserved fields"],
  [[0x06, 0, 1, 0, 0, 0, 0, 0], "BPF_JA uses reserved fields"],
  [[0x85, 0, 0, 0, 7, 0, 0, 0], ""],
  [[0x85, 0x01, 0, 0, 7, 0, 0, 0], "BPF_CALL uses reserved fields"],
  [[0x85, 0, 1, 0, 7, 0, 0, 0], "BPF_CALL uses reserved fields"],
  [[0x85, 0x30, 0, 0, 7, 0, 0, 0], "BPF_CALL uses reserved fields"],
  [[0xdf, 0x01, 0, 0, 32, 0, 0, 0], "unknown opcode df"],
  [[0x8f, 0, 0, 0, 0, 0, 0, 0], "unknown opcode 8f"],
  [[0x0d, 0, 0, 0, 0, 0, 0, 0], "unknown opcode 0d"],
];

describe("fields and forms that instructions do not have", () => {
  for (const [bytes, message] of PATCHES) {
    it(`${bytes.map((byte) => byte.toString(16)).join(" ")}: ${message || "accepted"}`, async () => {
      const object = await listing(), [first] = decode(new Uint8Array(bytes));
      const programs = object.programs.map((program) =>
        program.name === "patched" ? { ...program, insns: [first, ...program.insns.slice(1)] } : program
      );
      const [verdict] = verify({ ...object, programs }, { program: "patched" });
      expect(verdict.message).toBe(message);
    });
  }
});

describe("as in 6.18", () => {
  it("half a pointer is no NULL", async () => {
    const [verdict] = verify(await listing(), { program: "half_pointer" });
    expect(verdict.message).toBe("");
  });

  it("an argument of a kernel function that was never written is a pointer to anywhere", async () => {
    const [verdict] = verify(await listing(), { program: "unwritten_argument" });
    expect(verdict.message).toBe("variable ? access var_off=(0x0; 0xffffffffffffffff) disallowed");
  });
});
