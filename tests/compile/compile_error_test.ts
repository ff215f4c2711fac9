import { describe, expect, it } from "vitest";
import { CompileError, parseDiagnostics } from "../../lib/compile/compile_error.ts";

const OUTPUT = `In file included from <built-in>:1:
In file included from /home/reader/project/lib/compile/include/interleave.h:3:
/home/reader/project/lib/compile/include/bpf/bpf_helpers.h:97:37: warning: declared inside a parameter list
race.bpf.c:3:15: error: expected ';' after expression
    3 |   counter += 1
      |               ^
./race.bpf.c:4:3: note: a note
/home/reader/project/lib/compile/include/linux/bpf.h:7:1: error: unknown type name
fatal error: error in backend: Cannot select: 0x7f: ch = AtomicFence 0x70:1, TargetConstant:i64<7>, race.bpf.c:5:10
clang: error: clang frontend command failed with exit code 70 (use -v to see invocation)
3 errors generated.`;

describe("diagnostics of clang", () => {
  const found = parseDiagnostics(OUTPUT, "race.bpf.c");

  it("are read with their places", () => {
    expect(found.map(({ severity, header, line, column }) => [severity, header, line, column])).toEqual([
      ["warning", "bpf/bpf_helpers.h", 97, 37],
      ["error", undefined, 3, 15],
      ["note", undefined, 4, 3],
      ["error", "linux/bpf.h", 7, 1],
      ["error", undefined, 5, 10],
    ]);
  });

  it("become a message with the listing's own lines, without folders", () => {
    const source = "int counter;\nint f(void) {\n\tcounter += 1\n}\nint x = fence();";
    const { message } = new CompileError("race", found, "clang 99", source);
    expect(message).toBe([
      "race does not compile: 3 errors (clang 99)",
      "",
      "line 3, column 15: error: expected ';' after expression",
      "    3 | \tcounter += 1",
      "      | \t            ^",
      "",
      "<linux/bpf.h> line 7, column 1: error: unknown type name",
      "",
      "line 5, column 10: error: BPF has no fence instruction (AtomicFence): an atomic whose old value is used is a full " +
      "barrier, such as __sync_val_compare_and_swap or __sync_lock_test_and_set on a variable of its own",
      "    5 | int x = fence();",
      "      |          ^",
    ].join("\n"));
  });

  it("are counted, not all shown", () => {
    const many = parseDiagnostics("x.c:1:1: error: no\n".repeat(9), "x.c");
    expect(new CompileError("x", many, "clang", "int").message).toMatch(/9 errors[^]*\.\.\. and 4 more$/);
  });
});

describe("an instruction set that is too old", () => {
  const messages = (output: string) => parseDiagnostics(output, "race.bpf.c").map(({ message }) => message);
  /** As clang 14 and clang 21 print it. */
  const cannotSelect = (node: string) =>
    messages(`fatal error: error in backend: Cannot select: 0x28a9: i64,ch = ${node} 0x28a4, 0x28b0, race.bpf.c:1:30`);

  for (
    const words of [
      "fatal error: error in backend: line 1: Invalid usage of the XADD return value",
      "race.bpf.c:1:30: error: Invalid usage of the XADD return value",
      "race.bpf.c:1:30: error: Unsupported atomic operations, please use 64 bit version",
      "race.bpf.c:1:30: error: unsupported atomic operation, please use 64 bit version",
    ]
  ) {
    it(`${words}: v3`, () => expect(messages(words)).toEqual([expect.stringMatching(/: .* needs -mcpu=v3$/)]));
  }
  it("signed division and remainder: v4", () => {
    expect(cannotSelect("sdiv")).toEqual(["signed division needs -mcpu=v4 (sdiv)"]);
    expect(cannotSelect("srem")).toEqual(["signed division needs -mcpu=v4 (srem)"]);
    expect(cannotSelect("sdivrem")).toEqual(["BPF has no instruction for this (sdivrem)"]);
  });
  for (const name of ["Swap", "CmpSwap", "LoadAdd", "LoadSub", "LoadAnd", "LoadOr", "LoadXor"]) {
    const order = name === "CmpSwap" ? "seq_cst seq_cst" : "acquire";
    it(`Atomic${name}: v3 for 32 bits, none for 8 and 16`, () => {
      expect(cannotSelect(`Atomic${name}<(load store ${order} (s32) on @n)>`)).toEqual([
        `on 32 bits this needs -mcpu=v3 (Atomic${name})`,
      ]);
      for (const bits of [8, 16]) {
        expect(cannotSelect(`Atomic${name}<(load store ${order} (s${bits}) on @n)>`)).toEqual([
          `an atomic read-modify-write takes 4 or 8 bytes, not ${bits / 8} (Atomic${name}); load-acquire and ` +
          "store-release (-mcpu=v4) take 1 and 2 too",
        ]);
      }
    });
  }
  it("has no cure for what no instruction set has", () => {
    expect(cannotSelect("AtomicLoadNand<(load store seq_cst (s32) on @n)>")).toEqual([
      "BPF has no instruction for this (AtomicLoadNand)",
    ]);
    const words = "race.bpf.c:1:30: error: unsupported atomic operation, please use 32/64 bit version";
    expect(messages(words)).toEqual(["unsupported atomic operation, please use 32/64 bit version"]);
  });
  for (const bits of [8, 16, 32, 64]) {
    it(`load-acquire and store-release of ${bits} bits: v4`, () => {
      expect(cannotSelect(`AtomicLoad<(dereferenceable load acquire (s${bits}) from @n)>`)[0])
        .toMatch(/^load-acquire needs -mcpu=v4/);
      expect(cannotSelect(`AtomicStore<(store release (s${bits}) into @n)>`)[0])
        .toMatch(/^store-release needs -mcpu=v4/);
    });
  }
  it("is not to blame for other orders alone", () => {
    expect(cannotSelect("AtomicLoad<(dereferenceable load seq_cst (s32) from @n)>")[0])
      .toMatch(/no sequentially consistent load or store; load-acquire needs -mcpu=v4/);
    expect(cannotSelect("AtomicStore<(store monotonic (s32) into @n)>")[0]).toMatch(/WRITE_ONCE needs neither/);
  });
  it("may be the compiler's own", () => {
    expect(messages("error: unknown target CPU 'v4'")[0]).toMatch(/too old.*INTERLEAVE_CLANG=zig/);
  });
});
