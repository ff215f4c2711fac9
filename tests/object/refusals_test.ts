import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { disassembleObject } from "../../lib/object/program_listing.ts";
import { lineOf } from "../../lib/object/bpf_object.ts";
import { sizeOfType } from "../../lib/object/btf_types.ts";
import { loadObject, ObjectError } from "../../lib/object/load.ts";

const object = await bpf.file(fileURLToPath(new URL("./data/features.bpf.c", import.meta.url)));

/** The message with which these bytes are refused. */
function refusal(bytes: Uint8Array): string {
  try {
    loadObject(bytes, "x.o");
  } catch (error) {
    if (error instanceof ObjectError) return error.message;
    throw error;
  }
  return "accepted";
}

function patched(at: number, bytes: readonly number[]): Uint8Array {
  const copy = object.bytes.slice();
  copy.set(bytes, at);
  return copy;
}

const encode = (text: string) => new TextEncoder().encode(text);

describe("refusals", () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ["an empty file", new Uint8Array(), /^x\.o: the object file is empty$/],
    ["a listing instead of an object", encode("int counter;"), /not an ELF file/],
    ["an object of a few bytes", object.bytes.slice(0, 20), /truncated: 20 bytes are less than an ELF header/],
    ["half an object", object.bytes.slice(0, object.bytes.length / 2), /truncated\?/],
    ["an object for x86-64", patched(18, [62, 0]), /an object for x86-64, not for BPF; compile with -target bpf/],
    ["an object for a machine without a name here", patched(18, [0xff, 0x7f]), /machine number 32767/],
    ["a big-endian object", patched(5, [2]), /big-endian/],
    ["a linked program", patched(16, [2, 0]), /not a relocatable object; compile with -c/],
    ["an object without sections", patched(60, [0, 0]), /no sections/],
  ];
  for (const [name, bytes, message] of cases) {
    it(`${name}: says so`, () => expect(refusal(bytes)).toMatch(message));
  }

  it("a function that is declared and nowhere defined", async () => {
    const listing = bpf`
int elsewhere(int x);
SEC("raw_tp") int caller(void *ctx) { return elsewhere(3); }
`;
    await expect(listing).rejects.toThrow(/elsewhere is declared but nowhere defined.*__ksym/);
  });

  it("a listing without a program", async () => {
    await expect(bpf`int counter;`).rejects.toThrow(/no program: a function needs SEC/);
  });
});

/** Everything that is done with a loaded object; must end, and must not fail in ways of its own. */
function walk(bytes: Uint8Array): void {
  const loaded = loadObject(bytes, "damaged");
  disassembleObject(loaded);
  for (const program of loaded.programs) lineOf(program, program.insns.length - 1);
  for (const map of loaded.maps) if (loaded.btf && map.valueType) sizeOfType(loaded.btf, map.valueType);
}

const at = fc.nat({ max: object.bytes.length - 1 });
const damage = fc.array(fc.tuple(at, fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff))), {
  minLength: 1,
  maxLength: 8,
});

describe("damaged objects", () => {
  const survives = (bytes: Uint8Array) => {
    try {
      walk(bytes);
    } catch (error) {
      if (!(error instanceof ObjectError)) throw error;
      expect(error.message).toMatch(/^damaged: ./);
    }
  };

  it("are read or refused, whatever bytes changed", () => {
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = object.bytes.slice();
        for (const [where, value] of changes) bytes[where] = value;
        survives(bytes);
      }),
      { numRuns: 3000, seed: 20261122 },
    );
  });

  it("are read or refused, wherever they were cut off", () => {
    fc.assert(fc.property(at, (length) => survives(object.bytes.slice(0, length))), { numRuns: 1000, seed: 20261122 });
  });

  it("are read or refused, whatever the tables in them say", () => {
    // The headers, the symbols, BTF: where a wrong number does most. Words are replaced by telling numbers.
    const word = fc.constantFrom(0, 1, 2, 4, 8, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff);
    const words = fc.array(fc.tuple(fc.nat({ max: object.bytes.length / 4 - 1 }), word), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(words, (changes) => {
        const bytes = object.bytes.slice(), view = new DataView(bytes.buffer);
        for (const [where, value] of changes) view.setUint32(where * 4, value, true);
        survives(bytes);
      }),
      { numRuns: 4000, seed: 20261122 },
    );
  });
});
