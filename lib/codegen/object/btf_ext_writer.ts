/**
 * Writes `.BTF.ext`: which function starts where, which C line an instruction comes from, and which instructions depend
 * on where the kernel keeps a field (Documentation/bpf/btf.rst section 4).
 */
import { ByteWriter, type StringTable } from "./byte_writer.ts";
import { writeHeader } from "./btf_entries.ts";
import type { OutputSection } from "./elf_writer.ts";

/** A record of some bytes; the first four are the instruction's byte offset in its section. */
interface ExtRecord {
  readonly offset: number;
  readonly fields: readonly number[];
}

const HEADER_BYTES = 32, FUNC_BYTES = 8, LINE_BYTES = 16, CORE_BYTES = 16;
const MAX_COLUMN = 0x3ff;

/** A place in `.BTF.ext` that holds an offset into a section of code. */
export interface CodeOffset {
  readonly offset: number;
  readonly section: OutputSection;
}

export class BtfExtWriter {
  readonly #funcs = new Map<OutputSection, ExtRecord[]>();
  readonly #lines = new Map<OutputSection, ExtRecord[]>();
  readonly #core = new Map<OutputSection, ExtRecord[]>();

  constructor(readonly strings: StringTable) {}

  addFunction(section: OutputSection, offset: number, type: number): void {
    recordsOf(this.#funcs, section).push({ offset, fields: [type] });
  }

  addLine(
    section: OutputSection,
    offset: number,
    { file, text, line, column }: { file: string; text: string; line: number; column: number },
  ): void {
    const place = line * 1024 + Math.min(column, MAX_COLUMN);
    recordsOf(this.#lines, section).push({ offset, fields: [this.strings.add(file), this.strings.add(text), place] });
  }

  addCoreRelocation(section: OutputSection, offset: number, type: number, access: string, kind: number): void {
    recordsOf(this.#core, section).push({ offset, fields: [type, this.strings.add(access), kind] });
  }

  /** The section's bytes, and where in it offsets of code stand, for a linker that moves code. */
  toBytes(): { bytes: Uint8Array; codeOffsets: readonly CodeOffset[] } {
    const body = new ByteWriter(), codeOffsets: CodeOffset[] = [];
    const part = (
      records: ReadonlyMap<OutputSection, readonly ExtRecord[]>,
      recordBytes: number,
      mayBeLeftOut = false,
    ) => {
      const start = body.length;
      if (records.size > 0 || !mayBeLeftOut) body.u32(recordBytes);
      for (const [section, list] of records) {
        body.u32(this.strings.add(section.name), list.length);
        for (const { offset, fields } of list) {
          codeOffsets.push({ offset: HEADER_BYTES + body.length, section });
          body.u32(offset, ...fields);
        }
      }
      return [start, body.length - start];
    };
    const funcs = part(this.#funcs, FUNC_BYTES), lines = part(this.#lines, LINE_BYTES);
    const core = part(this.#core, CORE_BYTES, true);
    const bytes = writeHeader(HEADER_BYTES).u32(...funcs, ...lines, ...core).bytes(body.toBytes()).toBytes();
    return { bytes, codeOffsets };
  }
}

function recordsOf(bySection: Map<OutputSection, ExtRecord[]>, section: OutputSection): ExtRecord[] {
  const records = bySection.get(section) ?? [];
  bySection.set(section, records);
  return records;
}
