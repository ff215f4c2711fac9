import { describe, expect, it } from "vitest";
import { IrSyntaxError, tokenize } from "../../lib/llvm/lexer.ts";
import type { Instruction } from "../../lib/llvm/module.ts";
import { parseModule } from "../../lib/llvm/parse_module.ts";

const kinds = (text: string): string[] => tokenize(text).map(({ kind, text }) => `${kind} ${text}`.trim());

describe("tokens", () => {
  it("are names, numbers, strings and marks, with their lines", () => {
    expect(kinds('%x = load i64, ptr @"a b", align 8 ; words')).toEqual([
      ...["local x", "punctuation =", "word load", "word i64", "punctuation ,", "word ptr", "global a b"],
      ...["punctuation ,", "word align", "number 8", "end"],
    ]);
    expect(kinds('c"G\\00" !"\\22" !dbg !7 #3 -12 1.5e+00')).toEqual([
      ...["bytes G\0", "metadata", 'string "', "metadata dbg", "metadata 7", "attributes 3", "number -12"],
      ...["number 1.5e+00", "end"],
    ]);
    expect(tokenize("a\n\nb").map(({ line }) => line)).toEqual([1, 3, 3]);
  });
  it("tell labels from words, and text of several bytes from bytes", () => {
    expect(kinds("for.body: br\nname: x")).toEqual(["label for.body", "word br", "label name", "word x", "end"]);
    expect(kinds('!"\\E2\\82\\AC"')).toEqual(["metadata", "string €", "end"]);
  });
});

/** Instructions of a function with this body. */
const body = (text: string): readonly Instruction[] =>
  parseModule(`%s = type { i32, ptr }\ndefine void @f(i32 %a, ptr %p) {\nentry:\n${text}\n}\n`).functions[0].blocks[0]
    .instructions;
const one = (text: string): Instruction => body(text)[0];

describe("instructions", () => {
  it("have their operands, types and what is attached", () => {
    expect(one("%x = add nuw nsw i32 %a, -1, !dbg !5")).toMatchObject({
      name: "x",
      opcode: "add",
      type: { kind: "int", bits: 32 },
      left: { kind: "local", name: "a" },
      right: { kind: "integer", value: 0xffff_ffffn },
      location: 5,
    });
    expect(one('%x = load atomic volatile i64, ptr %p syncscope("singlethread") acquire, align 8, !tbaa !1'))
      .toMatchObject({
        ...{ opcode: "load", volatile: true, ordering: "acquire", syncScope: "singlethread", align: 8 },
      });
    expect(one("%x = getelementptr inbounds nuw %s, ptr %p, i64 0, i32 1")).toMatchObject({
      opcode: "getelementptr",
      elementType: { kind: "struct", name: "s" },
      indices: [{ value: 0n }, { value: 1n }],
    });
    expect(one("%x = cmpxchg weak volatile ptr %p, i32 1, i32 2 acq_rel monotonic, align 4")).toMatchObject({
      ...{ opcode: "cmpxchg", volatile: true, ordering: "acq_rel" },
    });
  });
  it("are calls of functions, of numbers, and of assembly", () => {
    expect(one("%x = tail call noundef i64 inttoptr (i64 6 to ptr)(ptr noundef @fmt, i32 5) #1, !dbg !2"))
      .toMatchObject({
        opcode: "call",
        callee: { kind: "expression", opcode: "inttoptr" },
        arguments: [{ kind: "global", name: "fmt" }, { value: 5n }],
      });
    expect(one("call void (ptr, ...) @g(ptr %p, i8 signext 3)")).toMatchObject({
      argumentAttributes: [[], ["signext"]],
    });
    expect(one('call i64 asm sideeffect "$0 += 1", "=r,0"(i64 1) #2')).toMatchObject({
      callee: { kind: "asm", text: "$0 += 1", constraints: "=r,0", hasSideEffects: true },
    });
    expect(
      one(
        "%x = call ptr @llvm.preserve.struct.access.index.p0.p0(ptr elementtype(%s) %p, i32 1, i32 1), !llvm.preserve.access.index !8",
      ),
    )
      .toMatchObject({ elementType: { name: "s" }, preserveAccessIndex: 8 });
  });
  it("end blocks", () => {
    const text = `switch i32 %a, label %out [
    i32 1, label %out
    i32 -1, label %out
  ]
out:
  ret void`;
    expect(one(text)).toMatchObject({
      opcode: "switch",
      otherwise: "out",
      cases: [{ value: 1n }, { value: 0xffff_ffffn }],
    });
    expect(one('callbr void asm sideeffect "", "!i"() #1\n  to label %a [label %b], !dbg !3')).toMatchObject({
      ...{ opcode: "callbr", targets: ["a", "b"], location: 3 },
    });
  });
  it("that are not known are kept by name, and do not hide what follows", () => {
    const found = body("%x = fadd double 1.0, 2.0, !dbg !4\nret void");
    expect(found[0]).toMatchObject({ opcode: "unsupported", what: "fadd", location: 4 });
    expect(found[1].opcode).toBe("ret");
  });
});

describe("a module", () => {
  const module = parseModule(`; ModuleID = 't.c'
source_filename = "t.c"
target triple = "bpfel"
%a = type { %b, [2 x i16] }
%b = type <{ i8, i32 }>
@g = dso_local local_unnamed_addr global %a zeroinitializer, section ".data.x", align 8, !dbg !0
@text = internal constant [4 x i8] c"GPL\\00", align 1
@map = extern_weak hidden global i32
@points = private constant { ptr, i64 } { ptr getelementptr inbounds (i8, ptr @g, i64 4), i64 -1 }
@llvm.compiler.used = appending global [1 x ptr] [ptr @g], section "llvm.metadata"
define internal zeroext i1 @f(ptr noundef readonly captures(none) %p, i32 range(i32 0, 5) %x) unnamed_addr #0 section "tc" !dbg !3 {
  ret i1 true
}
declare !dbg !4 void @k(ptr) local_unnamed_addr #1
attributes #0 = { nounwind "target-cpu"="v3" memory(none) }
attributes #1 = { "btf" }
!llvm.ident = !{!9}
!0 = distinct !DIGlobalVariable(name: "g")
!3 = distinct !DISubprogram(name: "f")
`);
  it("has types that refer to types further down", () => {
    expect(module.types.get("a")).toMatchObject({
      fields: [{ name: "b", packed: true }, { kind: "array", length: 2 }],
    });
  });
  it("has globals with section, linkage, alignment and contents", () => {
    const [g, text, map, points] = module.globals;
    expect(g).toMatchObject({ name: "g", section: ".data.x", align: 8, debug: 0, initializer: { kind: "zero" } });
    expect(text).toMatchObject({
      linkage: "internal",
      isConstant: true,
      initializer: { bytes: new Uint8Array([71, 80, 76, 0]) },
    });
    expect(map).toMatchObject({ linkage: "extern_weak", visibility: "hidden", initializer: undefined });
    expect(points.initializer).toMatchObject({
      elements: [{ opcode: "getelementptr" }, { value: 0xffff_ffff_ffff_ffffn }],
    });
  });
  it("has functions with what their attribute groups say", () => {
    const [f, k] = module.functions;
    expect(f).toMatchObject({
      name: "f",
      linkage: "internal",
      section: "tc",
      subprogram: 3,
      resultAttributes: ["zeroext"],
    });
    expect(f.attributes.get("target-cpu")).toBe("v3");
    expect(f.parameters.map(({ name }) => name)).toEqual(["p", "x"]);
    expect(k).toMatchObject({ name: "k", subprogram: 4, blocks: [] });
    expect(k.attributes.has("btf")).toBe(true);
  });
  it("keeps metadata as text, by its number or name", () => {
    expect(module.metadata.get("0")).toContain("DIGlobalVariable");
    expect(module.metadata.get("llvm.ident")).toBe("!{!9}");
  });
  it("says in which line what it does not understand is", () => {
    expect(() => parseModule("\nfoo")).toThrow(IrSyntaxError);
    expect(() => parseModule("\n@g = global ?")).toThrow("line 2");
    expect(() => parseModule("define void @f() {\n  %x = add i32 1\n}\n")).toThrow("line 3");
  });
});
