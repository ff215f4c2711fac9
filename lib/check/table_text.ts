/** The access table in print: a block for each field, a line for each C line. */
import { mapTypeName } from "../uapi/map_types.ts";
import { type AccessTable, accessWords, byField, mapLabel, type TableAccess } from "./access_table.ts";
import { t } from "../words/translation.ts";

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const place = ({ line, insn }: TableAccess): string => line ? `${baseName(line.file)}:${line.line}` : `insn ${insn}`;

/** Levels from the lowest to the highest. */
const contexts = ({ runsIn }: TableAccess): string =>
  runsIn.length > 1 ? t`${runsIn[0]} to ${runsIn[runsIn.length - 1]}` : runsIn[0];

interface Row {
  readonly prog: string;
  readonly place: string;
  readonly words: string;
  readonly contexts: string;
}

/** Fields by map, programs by C line; read-only data is left out, as nothing can happen to it. */
export function tableText(table: AccessTable): string {
  const accesses = table.accesses.filter(({ protection }) => protection !== "read-only"), lines: string[] = [];
  for (const group of byField(accesses).values()) {
    const [{ map, field }] = group;
    lines.push(`${field}  (${map.data ? mapLabel(map) : mapTypeName(map.type).replace("BPF_MAP_TYPE_", "")})`);
    const rows = rowsOf(group), width = (key: keyof Row) => Math.max(...rows.map((row) => row[key].length));
    const [prog, at, words] = [width("prog"), width("place"), width("words")];
    for (const row of rows) {
      lines.push(
        t`  ${row.prog.padEnd(prog)}  ${row.place.padEnd(at)}  ${row.words.padEnd(words)}  in ${row.contexts}`,
      );
    }
  }
  for (const { prog, why } of table.unseen) lines.push(t`${prog}: not followed to its end: ${why}`);
  return lines.length === 0 ? t`no program touches a map's value or a global variable\n` : lines.join("\n") + "\n";
}

/** One row for all accesses of a line that are alike. */
function rowsOf(group: readonly TableAccess[]): Row[] {
  const rows = new Map<string, Row>();
  for (const access of group) {
    const row = { prog: access.prog, place: place(access), words: accessWords(access), contexts: contexts(access) };
    rows.set(Object.values(row).join("\0"), row);
  }
  return [...rows.values()];
}

/** The table as data: no instruction's number that a reader cannot look up. */
export function tableJson(table: AccessTable): object[] {
  return table.accesses.map((access) => ({
    ...{ map: mapLabel(access.map), field: access.field, program: access.prog, section: access.section },
    ...(access.line ? { file: baseName(access.line.file), line: access.line.line, column: access.line.column } : {}),
    ...{ insn: access.insn, offset: access.offset, size: access.size, reads: access.reads, writes: access.writes },
    ...{ kind: access.kind, ...(access.helper ? { helper: access.helper } : {}), protection: access.protection },
    ...{ locks: access.locks, owner: access.owner, contexts: access.runsIn },
  }));
}
