/** Maps and value types that only a damaged object has: refused, or described no further than the value goes. */
import { describe, expect, it } from "vitest";
import { kernelSize } from "../../lib/bpf_helpers/kernel.ts";
import { leavesOf } from "../../lib/maps/value_layout.ts";
import type { MapDef } from "../../lib/object/bpf_object.ts";
import type { Btf, BtfType } from "../../lib/object/btf.ts";

const HASH: MapDef = { name: "flows", type: 1, keySize: 4, valueSize: 8, maxEntries: 4, flags: 0 };

describe("a map", () => {
  it("with keys or values of many megabytes is refused before their words are listed", () => {
    const giant = 536_870_920;
    expect(() => kernelSize([{ ...HASH, valueSize: giant }], 2)).toThrow(`flows with values of ${giant} bytes`);
    expect(() => kernelSize([{ ...HASH, keySize: giant }], 2)).toThrow(`flows with keys of ${giant} bytes`);
  });
});

describe("the numbers of a value", () => {
  const int: BtfType = { id: 1, kind: "int", name: "int", size: 4, signed: true };
  const empty: BtfType = { id: 2, kind: "struct", name: "empty", size: 0, members: [] };
  const array = (type: number, nelems: number): Btf => ({
    types: [{ id: 0, kind: "void", name: "" }, int, empty, { id: 3, kind: "array", name: "", type, nelems }],
    bytes: new Uint8Array(),
  });
  const paths = (btf: Btf, size: number) => leavesOf(btf, 3, size).map(({ path }) => path);

  it("end where the value ends, whatever its type says", () => {
    expect(paths(array(1, 4), 16)).toEqual(["[0]", "[1]", "[2]", "[3]"]);
    expect(paths(array(1, 0xffff_ffff), 10)).toEqual(["[0]", "[1]"]);
    expect(paths(array(1, 4), 2)).toEqual([""]);
  });
  it("are none in four thousand million empty structs", () => {
    expect(leavesOf(array(2, 0xffff_ffff), 3, 8)).toEqual([{ path: "", offset: 0, size: 8, signed: false }]);
  });
});
