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
      "line 5, column 10: error: BPF has no instruction for this (AtomicFence)",
      "    5 | int x = fence();",
      "      |          ^",
    ].join("\n"));
  });

  it("are counted, not all shown", () => {
    const many = parseDiagnostics("x.c:1:1: error: no\n".repeat(9), "x.c");
    expect(new CompileError("x", many, "clang", "int").message).toMatch(/9 errors[^]*\.\.\. and 4 more$/);
  });
});
