/** What each kind of IR becomes, in the notation of the verifier's log: one case a line of the instruction set. */
import { describe, expect, it } from "vitest";
import { generate } from "../../lib/codegen/generate.ts";
import { UnsupportedError } from "../../lib/codegen/unsupported.ts";
import { disassembleInsn } from "../../lib/isa/disassemble.ts";
import { decode } from "../../lib/isa/insn.ts";
import { parseModule } from "../../lib/llvm/parse_module.ts";

const GLOBALS = `%struct.pair = type { i32, i64 }
@g = global i64 0, align 8
@w = global i32 0, align 4
@constant = private constant %struct.pair { i32 5, i64 7 }, align 8
declare void @kfunc(ptr)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
`;

/** @param body of a function `long f(void *p, long x, int w)`, after its label */
function assembled(body: string, cpu = "v3", result = "i64"): string[] {
  const header = `define ${result} @f(ptr %p, i64 %x, i32 %w) "target-cpu"="${cpu}" {\nentry:\n`;
  const module = parseModule(`${GLOBALS}${header}${body}\n}\n`);
  const fn = generate(module).find(({ name }) => name === "f")!;
  const named = new Map(fn.relocations.map(({ offset, symbol }) => [offset / 8, symbol]));
  const insns = decode(fn.insns);
  return insns.flatMap((insn, i) => {
    const symbol = named.get(i), names = { immediate: symbol && `&${symbol}`, callee: symbol };
    if (symbol && insn.opcode === 0x85) return [`call ${symbol}`];
    return insn.opcode === 0 ? [] : [disassembleInsn(insn, names)];
  });
}

describe("instructions", () => {
  it("load and store with the offset that constants add up to", () => {
    const body = `%a = getelementptr %struct.pair, ptr %p, i64 2
      %b = getelementptr %struct.pair, ptr %a, i64 0, i32 1
      %v = load i64, ptr %b, align 8
      store i64 %v, ptr @g, align 8
      ret i64 %v`;
    expect(assembled(body)).toEqual(["r0 = *(u64 *)(r1 +40)", "r1 = &g", "*(u64 *)(r1 +0) = r0", "exit"]);
  });

  it("take no instruction for the upper half where it is known to be zero", () => {
    const body = "%v = load i32, ptr %p, align 4\n%s = add i32 %v, 1\n%z = zext i32 %s to i64\nret i64 %z";
    expect(assembled(body)).toEqual(["r0 = *(u32 *)(r1 +0)", "w0 += 1", "exit"]);
    expect(assembled(body, "v2")).toEqual(["r0 = *(u32 *)(r1 +0)", "r0 += 1", "r0 <<= 32", "r0 >>= 32", "exit"]);
    expect(assembled("%z = zext i32 %w to i64\nret i64 %z")).toEqual(["w0 = w3", "exit"]);
  });

  it("extend signs by shifts, or as v4 does", () => {
    const body = "%v = load i16, ptr %p, align 2\n%s = sext i16 %v to i64\nret i64 %s";
    expect(assembled(body)).toEqual(["r0 = *(u16 *)(r1 +0)", "r0 <<= 48", "r0 s>>= 48", "exit"]);
    expect(assembled(body, "v4")).toEqual(["r0 = *(s16 *)(r1 +0)", "exit"]);
    expect(assembled("%s = sext i32 %w to i64\nret i64 %s", "v4")).toEqual(["r0 = (s32)r3", "exit"]);
  });

  it("choose by a jump over a move", () => {
    const body = "%c = icmp slt i64 %x, 3\n%s = select i1 %c, i64 7, i64 9\nret i64 %s";
    expect(assembled(body)).toEqual(["w0 = 7", "if r2 s< 0x3 goto pc+1", "w0 = 9", "exit"]);
    // v1 has no "less than": the number goes to the left, into a register.
    expect(assembled(body, "v1")).toEqual(["r1 = 3", "r0 = 7", "if r1 s> r2 goto pc+1", "r0 = 9", "exit"]);
  });

  it("ask both halves of a conjunction with a jump each", () => {
    const body = `%a = icmp eq i64 %x, 1
      %b = icmp eq i32 %w, 2
      %both = and i1 %a, %b
      br i1 %both, label %yes, label %no
    yes:
      ret i64 1
    no:
      ret i64 0`;
    expect(assembled(body)).toEqual([
      ...["if r2 != 0x1 goto pc+3", "if w3 != 0x2 goto pc+2", "w0 = 1", "exit", "w0 = 0", "exit"],
    ]);
  });

  it("do atomics with and without the old value", () => {
    const body = (order: string, rest: string) => `%o = atomicrmw add ptr %p, i64 %x ${order}, align 8\n${rest}`;
    expect(assembled(body("monotonic", "ret i64 0"))).toEqual(["lock *(u64 *)(r1 +0) += r2", "w0 = 0", "exit"]);
    expect(assembled(body("seq_cst", "ret i64 0"))).toEqual([
      ...["r2 = atomic_fetch_add((u64 *)(r1 +0), r2)", "w0 = 0", "exit"],
    ]);
    const exchange = `%pair = cmpxchg ptr %p, i64 1, i64 %x seq_cst seq_cst, align 8
      %won = extractvalue { i64, i1 } %pair, 1
      %z = zext i1 %won to i64
      ret i64 %z`;
    expect(assembled(exchange)).toEqual([
      ...["w0 = 1", "r0 = atomic_cmpxchg((u64 *)(r1 +0), r0, r2)", "r1 = r0", "w0 = 1", "if r1 == 0x1 goto pc+1"],
      ...["w0 = 0", "exit"],
    ]);
  });

  it("load with acquire and store with release in v4", () => {
    const body =
      "%v = load atomic i64, ptr %p acquire, align 8\nstore atomic i64 %v, ptr @g release, align 8\nret i64 0";
    expect(assembled(body, "v4")).toEqual([
      ...["r1 = load_acquire((u64 *)(r1 +0))", "r2 = &g", "store_release((u64 *)(r2 +0), r1)", "w0 = 0", "exit"],
    ]);
    expect(() => assembled(body)).toThrow(UnsupportedError);
  });

  it("call helpers by number and kernel functions by name", () => {
    const body = `%k = alloca i32, align 4
      store i32 0, ptr %k, align 4
      %v = call ptr inttoptr (i64 1 to ptr)(ptr @g, ptr %k)
      call void @kfunc(ptr %v)
      ret i64 0`;
    expect(assembled(body)).toEqual([
      ...["w1 = 0", "*(u32 *)(r10 -4) = r1", "r2 = r10", "r2 += -4", "r1 = &g", "call bpf_map_lookup_elem#1"],
      ...["r1 = r0", "call kfunc", "w0 = 0", "exit"],
    ]);
  });

  it("copy in line, the last word first; constants without reading them", () => {
    const copy = (from: string) =>
      `%to = alloca [12 x i8], align 8
      call void @llvm.memcpy.p0.p0.i64(ptr align 8 %to, ptr align 8 ${from}, i64 12, i1 false)
      %v = call i64 inttoptr (i64 5 to ptr)(ptr %to)
      ret i64 %v`;
    expect(assembled(copy("%p")).slice(0, 4)).toEqual([
      ...["r2 = *(u32 *)(r1 +8)", "*(u32 *)(r10 -8) = r2", "r1 = *(u64 *)(r1 +0)", "*(u64 *)(r10 -16) = r1"],
    ]);
    expect(assembled(copy("@constant")).slice(0, 4)).toEqual([
      ...["w1 = 7", "*(u32 *)(r10 -8) = r1", "w1 = 5", "*(u64 *)(r10 -16) = r1"],
    ]);
  });

  it("swap bytes by the name that the version has", () => {
    const body = "%v = call i32 @llvm.bswap.i32(i32 %w)\n%z = zext i32 %v to i64\nret i64 %z";
    expect(assembled(body)).toEqual(["r3 = be32 r3", "r0 = r3", "exit"]);
    expect(assembled(body, "v4")).toEqual(["r3 = bswap32 r3", "r0 = r3", "exit"]);
  });

  it("stand as inline assembly says, in the registers that its operands got", () => {
    const body = `%v = call i64 asm sideeffect "$0 += 1; $0 <<= $2", "=r,0,i"(i64 %x, i64 3)\nret i64 %v`;
    expect(assembled(body)).toEqual(["r2 += 1", "r2 <<= 3", "r0 = r2", "exit"]);
    expect(assembled(`%v = call i64 asm sideeffect "", "=r,0"(i64 %x)\nret i64 %v`)).toEqual(["r0 = r2", "exit"]);
  });
});

describe("what is refused", () => {
  const refusals: readonly [string, string, RegExp][] = [
    ["signed division below v4", "%v = sdiv i64 %x, 3\nret i64 %v", /signed division/],
    ["a fence of all threads", "fence seq_cst\nret i64 0", /fence/],
    ["atomics of one byte", "%o = atomicrmw add ptr %p, i8 1 seq_cst, align 1\nret i64 0", /i?8/],
    ["calls through pointers", "%v = call i64 %p(i64 1)\nret i64 %v", /a call through a pointer/],
    ["six arguments", "call void @kfunc(i64 1, i64 2, i64 3, i64 4, i64 5, i64 6)\nret i64 0", /stack arguments/],
    [
      "too large a stack",
      "%a = alloca [600 x i8], align 8\ncall void @kfunc(ptr %a)\nret i64 0",
      /stack limit/,
    ],
    ["assembly that is not known", `call void asm sideeffect "nonsense", ""()\nret i64 0`, /the assembly "nonsense"/],
    ["floating point", "%v = fadd double 1.0, 2.0\nret i64 0", /fadd/],
    ["intrinsics that are not known", "%v = call i64 @llvm.nonsense.i64(i64 %x)\nret i64 %v", /llvm\.nonsense\.i64/],
    ["vectors", "%v = load <2 x i64>, ptr %p, align 16\nret i64 0", /<2 x i64>/],
  ];
  for (const [what, body, words] of refusals) {
    it(`${what}, by name and place`, () => {
      expect(() => assembled(`${body}`)).toThrow(words);
      expect(() => assembled(`${body}`)).toThrow(UnsupportedError);
    });
  }

  it("with the line of C that it comes from", () => {
    const text =
      `define i64 @f(i64 %x) {\nentry:\n  %v = sdiv i64 %x, 3, !dbg !9\n  ret i64 %v\n}\n!9 = !DILocation(line: 7)\n`;
    try {
      generate(parseModule(text));
    } catch (error) {
      expect(error).toBeInstanceOf(UnsupportedError);
      expect((error as UnsupportedError).location).toBe(9);
      expect((error as UnsupportedError).functionName).toBe("f");
      return;
    }
    throw new Error("it was taken");
  });
});
