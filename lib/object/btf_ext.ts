/**
 * Reads `.BTF.ext`: which C line and which FUNC type an instruction belongs to, and which instructions depend on where
 * the kernel keeps a field (Documentation/bpf/btf.rst section 4).
 */
import { readBtfHeader } from "./btf_parser.ts";
import { ByteReader } from "./byte_reader.ts";
import { ObjectError } from "./object_error.ts";

/** A line record; `byteOffset` counts in the ELF section of the code. */
export interface LineRecord {
  readonly byteOffset: number;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** A function record: the FUNC type of the function that starts at `byteOffset` of the ELF section. */
export interface FuncRecord {
  readonly byteOffset: number;
  readonly type: number;
}

/** A place of the code that the loader fills in from the kernel's own types (CO-RE). */
export interface CoreRecord {
  readonly byteOffset: number;
  /** Type of the object's BTF at which the path of fields begins. */
  readonly type: number;
  /** The path: an index of the pointer, then indices of members and elements, `0:5:2`. */
  readonly access: string;
  /** enum bpf_core_relo_kind. */
  readonly kind: number;
}

/** Records by name of the ELF section that they describe. */
export interface BtfExt {
  readonly lines: ReadonlyMap<string, readonly LineRecord[]>;
  readonly funcs: ReadonlyMap<string, readonly FuncRecord[]>;
  readonly core: ReadonlyMap<string, readonly CoreRecord[]>;
}

/**
 * @param bytes the `.BTF.ext` section
 * @param strings the strings of the `.BTF` section
 * @throws ObjectError when the section is damaged
 */
export function readBtfExt(bytes: Uint8Array, strings: ByteReader): BtfExt {
  const section = new ByteReader(bytes, "section .BTF.ext");
  const { bodyAt } = readBtfHeader(section);
  const funcs = section.part(bodyAt + section.u32(8), section.u32(12), "the function records of .BTF.ext");
  const lines = section.part(bodyAt + section.u32(16), section.u32(20), "the line records of .BTF.ext");
  // Older headers end before this part.
  const hasCore = section.u32(4) >= 32;
  const core = section.part(
    bodyAt + (hasCore ? section.u32(24) : 0),
    hasCore ? section.u32(28) : 0,
    "the CO-RE records of .BTF.ext",
  );
  return {
    core: readRecords(core, strings, 16, (at) => ({
      byteOffset: core.u32(at),
      type: core.u32(at + 4),
      access: strings.string(core.u32(at + 8)),
      kind: core.u32(at + 12),
    })),
    funcs: readRecords(funcs, strings, 8, (at) => ({ byteOffset: funcs.u32(at), type: funcs.u32(at + 4) })),
    lines: readRecords(lines, strings, 16, (at) => {
      const lineColumn = lines.u32(at + 12);
      return {
        byteOffset: lines.u32(at),
        file: strings.string(lines.u32(at + 4)).replace(/^\.\//, ""),
        text: strings.string(lines.u32(at + 8)).trim(),
        line: lineColumn >>> 10,
        column: lineColumn & 0x3ff,
      };
    }),
  };
}

/** Both kinds of record come as: record size, then for each code section its name, a count and the records. */
function readRecords<T>(
  part: ByteReader,
  strings: ByteReader,
  leastBytes: number,
  read: (at: number) => T,
): Map<string, T[]> {
  const bySection = new Map<string, T[]>();
  if (part.length === 0) return bySection;
  const recordBytes = part.u32(0);
  if (recordBytes < leastBytes) throw new ObjectError(`corrupt ${part.what}: records of ${recordBytes} bytes`);
  for (let at = 4; at < part.length;) {
    const name = strings.string(part.u32(at)), count = part.u32(at + 4);
    const body = part.part(at + 8, count * recordBytes, part.what);
    const records = Array.from({ length: count }, (_, index) => read(at + 8 + index * recordBytes));
    bySection.set(name, [...bySection.get(name) ?? [], ...records]);
    at += 8 + body.length;
  }
  return bySection;
}
