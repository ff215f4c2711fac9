/** Debug metadata: each sort of field, nodes that refer to one another. */
import { describe, expect, it } from "vitest";
import { Metadata } from "../../lib/llvm/metadata.ts";
import { parseModule } from "../../lib/llvm/parse_module.ts";

const metadataOf = (text: string) => new Metadata(parseModule(text).metadata);

const STRUCT = `
!llvm.dbg.cu = !{!9}
!1 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "task", size: 128, elements: !2)
!2 = !{!3, null, !4}
!3 = !DIDerivedType(tag: DW_TAG_member, name: "next", scope: !1, baseType: !5, size: 64)
!4 = !DIDerivedType(tag: DW_TAG_member, name: "bits", scope: !1, baseType: !6, size: 3, offset: 64, flags: DIFlagPublic | DIFlagBitField, extraData: i64 64)
!5 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !1, size: 64, annotations: !7)
!6 = !DIBasicType(name: "a \\22quoted\\22 name", size: 32, encoding: DW_ATE_unsigned)
!7 = !{!8}
!8 = !{!"btf_type_tag", !"rcu"}
!9 = distinct !DICompileUnit(language: DW_LANG_C11, file: null, isOptimized: true, enums: !{})
!10 = !DIEnumerator(name: "LEAST", value: -9223372036854775808)
`;

describe("debug metadata", () => {
  const metadata = metadataOf(STRUCT), struct = metadata.get(1);

  it("has texts, numbers, words and flags by name", () => {
    expect(struct.kind).toBe("DICompositeType");
    expect([struct.text("name"), struct.number("size"), struct.word("tag")]).toEqual([
      "task",
      128,
      "DW_TAG_structure_type",
    ]);
    const bits = struct.list("elements")[2]!;
    expect([bits.has("flags", "DIFlagBitField"), bits.has("flags", "DIFlagFwdDecl")]).toEqual([true, false]);
    expect(bits.number("extraData")).toBe(64);
    expect(metadata.get(6).text("name")).toBe('a "quoted" name');
    expect(metadata.get(10).integer("value")).toBe(-(1n << 63n));
  });

  it("follows references in circles, and leaves out what is null", () => {
    const [next, none] = struct.list("elements");
    expect(next!.node("baseType")!.node("baseType")).toBe(struct);
    expect(none).toBeUndefined();
    expect(metadata.get(9).node("file")).toBeUndefined();
  });

  it("reads tuples of texts, nodes in place, and lists by name", () => {
    expect(metadata.get(5).list("annotations")[0]!.strings()).toEqual(["btf_type_tag", "rcu"]);
    expect(metadata.get(9).list("enums")).toEqual([]);
    expect(metadata.get("llvm.dbg.cu").elements()[0]).toBe(metadata.get(9));
  });

  it("has nothing where a field is left out, and says which node is missing", () => {
    expect([struct.text("identifier"), struct.number("line"), struct.word("flags"), struct.list("annotations")])
      .toEqual(["", 0, "", []]);
    expect(() => metadata.get(77)).toThrow("metadata !77 is referred to, and is not there");
    expect(() => metadataOf("!1 = !DIBasicType(name: )\n").get(1)).toThrow(/metadata expected/);
  });
});
