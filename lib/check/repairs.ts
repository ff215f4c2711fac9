/**
 * Repairs as changes of the listing's lines. They are made of the lines' text alone: a line of another shape is left as it
 * is, and the finding has its help then.
 */
import type { BpfObject, LineInfo, MapDef, Program } from "../object/bpf_object.ts";
import { resolveType } from "../object/btf_types.ts";
import { programKind } from "../verifier/kernel/program_types.ts";
import type { TableAccess } from "./access_table.ts";
import type { Repair } from "./finding.ts";

const indentOf = (text: string): string => /^\s*/.exec(text)![0];
const change = ({ line, text }: Pick<LineInfo, "line" | "text">, after: string): Repair => ({
  line,
  before: text,
  after,
});
const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The text of a line of the listing: from the listing, or from the object's line information where it has the line. */
export function lineText(
  { source, name, programs }: BpfObject,
  { file, line }: LineInfo,
  at = line,
): string | undefined {
  if (source !== undefined && fileName(file) === fileName(name)) return source.split("\n")[at - 1];
  for (const program of programs) {
    const found = program.lines.find((one) => one.line === at && one.file === file);
    if (found) return found.text;
  }
  return undefined;
}

/** A line with its indentation, which an object's line information leaves out. */
const ownLine = (object: BpfObject, line: LineInfo): LineInfo => ({
  ...line,
  text: lineText(object, line) ?? line.text,
});

/** `a`, `a->b.c[i]`, `*a`, `(*a)`. */
const PLACE = String.raw`((?:\*\s*)?[A-Za-z_]\w*(?:(?:->|\.)\w+|\[[^\]]*\])*|\(\*\w+\))`;
/** What stands before a statement on its line: nothing, a brace, a condition. */
const START = String.raw`^(|.*[;{})]\s*|.*\belse\s+)`;
const OPERATIONS: Readonly<Record<string, string>> = { "+": "add", "-": "sub", "|": "or", "&": "and", "^": "xor" };

const addressOf = (place: string): string =>
  place.startsWith("(*") ? place.slice(2, -1) : place.startsWith("*") ? place.slice(1).trim() : `&${place}`;
const atomic = (operation: string, place: string, by: string): string =>
  `__sync_fetch_and_${OPERATIONS[operation]}(${addressOf(place)}, ${by.trim()});`;

/** `x += n;`, `x++;`, `x = x | n;` as an atomic operation, any other `x = f(x);` as a loop of compare-and-exchange. */
export function atomicUpdate({ line, size }: TableAccess): Repair[] | undefined {
  if (!line || size < 4) return undefined;
  const indent = indentOf(line.text), text = line.text.trim();
  const forms: readonly [string, (m: RegExpExecArray) => string | undefined][] = [
    [`${PLACE}\\s*([-+|&^])=\\s*([^;]+);(.*)$`, (m) => `${atomic(m[3], m[2], m[4])}${m[5]}`],
    [`${PLACE}(\\+\\+|--);(.*)$`, (m) => `${atomic(m[3][0], m[2], "1")}${m[4]}`],
    [`(\\+\\+|--)${PLACE};(.*)$`, (m) => `${atomic(m[2][0], m[3], "1")}${m[4]}`],
    [
      `WRITE_ONCE\\(${PLACE},\\s*READ_ONCE\\(${PLACE}\\)\\s*([-+|&^])\\s*([^;]+)\\);(.*)$`,
      (m) => m[2] === m[3] ? `${atomic(m[4], m[2], m[5])}${m[6]}` : undefined,
    ],
    [
      `${PLACE}\\s*=\\s*${PLACE}\\s*([-+|&^])\\s*([^;]+);(.*)$`,
      (m) => m[2] === m[3] ? `${atomic(m[4], m[2], m[5])}${m[6]}` : undefined,
    ],
    [
      `${PLACE}\\s*=\\s*([^=;][^;]*);(.*)$`,
      (m) => m[1].trim() === "" && m[3].includes(m[2]) ? exchangeLoop(m[2], m[3].trim(), indent) : undefined,
    ],
  ];
  for (const [form, made] of forms) {
    const match = new RegExp(START + form).exec(text), statement = match ? made(match) : undefined;
    if (statement !== undefined) return [change(line, `${indent}${match![1]}${statement}`)];
  }
  return undefined;
}

/** Tries more often than CPUs can come in between; the verifier wants an end. */
function exchangeLoop(place: string, value: string, indent: string): string {
  const inner = `${indent}\t`;
  return [
    "for (int tries = 0; tries < 64; tries++) {",
    `${inner}__typeof__(${place}) old = ${place};`,
    "",
    `${inner}if (__sync_val_compare_and_swap(${addressOf(place)}, old, ${value.replaceAll(place, "old")}) == old)`,
    `${inner}\tbreak;`,
    `${indent}}`,
  ].join("\n");
}

/** Whether the verifier lets a program of this section take a bpf_spin_lock. */
const mayLock = (section: string): boolean => !(programKind(section)?.isUnsafeTracing ?? true);

/** The value's name in the text, and its lock's; a lock that is not there yet is put into the struct. */
function lockOf(object: BpfObject, { map, line }: TableAccess): { lock: string; added: Repair[] } | undefined {
  const value = line && /\b([A-Za-z_]\w*)->/.exec(line.text)?.[1];
  if (!value || !object.btf || !map.valueType) return undefined;
  const type = resolveType(object.btf, map.valueType);
  const member = type.members?.find((one) => resolveType(object.btf!, one.type).name === "bpf_spin_lock");
  if (member) return { lock: `&${value}->${member.name}`, added: [] };
  const lines = object.source?.split("\n") ?? [],
    at = lines.findIndex((text) => new RegExp(`^\\s*struct\\s+${type.name}\\s*\\{`).test(text));
  if (at < 0) return undefined;
  const text = lines[at], isOpen = /\{\s*$/.test(text);
  const after = isOpen
    ? `${text}\n${indentOf(text)}\tstruct bpf_spin_lock lock;`
    : text.replace("{", "{ struct bpf_spin_lock lock;");
  return { lock: `&${value}->lock`, added: [{ line: at + 1, before: text, after }] };
}

/** The value's lock taken before the first of two lines of one program, and given back behind the last. */
export function lockAround(object: BpfObject, from: TableAccess, to: TableAccess): Repair[] | undefined {
  const [a, b] = [from.line, to.line].map((line) => line && ownLine(object, line)), found = lockOf(object, from);
  if (!a || !b || a.file !== b.file || !found || !mayLock(from.section)) return undefined;
  const [first, last] = a.line <= b.line ? [a, b] : [b, a];
  // A statement on the line of an `if` would be split by it.
  if (![first, last].every(({ text }) => /;\s*(\/[/*].*)?$/.test(text))) return undefined;
  const take = `${indentOf(first.text)}bpf_spin_lock(${found.lock});\n${first.text}`;
  const give = `\n${indentOf(last.text)}bpf_spin_unlock(${found.lock});`;
  const around = first.line === last.line
    ? [change(first, take + give)]
    : [change(first, take), change(last, last.text + give)];
  return [...found.added, ...around];
}

/** Another flag in a call of bpf_map_update_elem. */
export function updateFlag(line: LineInfo | undefined, flag: string): Repair[] | undefined {
  if (!line) return undefined;
  const { text } = line, named = /\bBPF_(ANY|EXIST)\b/;
  const after = named.test(text) ? text.replace(named, flag) : text.replace(/,\s*0\s*\)/, `, ${flag})`);
  return after === text ? undefined : [change(line, after)];
}

/**
 * Inserts with BPF_NOEXIST. Where the line after the insertion is a return, only who was first returns, and who was not
 * looks the value up again and goes on with it.
 *
 * @param value the variable that holds what was looked up, by the look-up's line
 */
export function insertOnce(
  object: BpfObject,
  update: Pick<TableAccess, "line">,
  lookup: LineInfo | undefined,
): Repair[] | undefined {
  const line = update.line && ownLine(object, update.line);
  const isFlagged = line !== undefined && /\bBPF_NOEXIST\b/.test(line.text);
  const flagged = isFlagged ? undefined : updateFlag(line, "BPF_NOEXIST");
  if (!line || !(flagged || isFlagged)) return undefined;
  const next = lineText(object, line, line.line + 1);
  const found = /(\w+)\s*=\s*(?:\([^)]*\)\s*)?(bpf_map_lookup_elem\s*\([^;]*\));/.exec(lookup?.text ?? "");
  const call = /^(\s*)(bpf_map_update_elem\(.*\));\s*$/.exec(flagged?.[0].after ?? line.text);
  if (!next || !/^\s*return\b[^;]*;\s*$/.test(next) || !found || !call) return flagged;
  const [, value, again] = found, [, indent, insert] = call;
  // A return of another block, such as behind an else, is taken by who was refused as well.
  if (indentOf(next) !== indent) return flagged;
  return [
    change(line, `${indent}if (!${insert})`),
    {
      line: line.line + 1,
      before: next,
      after: [`\t${next}`, `${indent}${value} = ${again};`, `${indent}if (!${value})`, `\t${next}`].join("\n"),
    },
  ];
}

/** A call around the first and the last of two lines. */
export function callsAround(from: LineInfo | undefined, to: LineInfo | undefined, calls: readonly [string, string]) {
  if (!from || !to || from.file !== to.file) return undefined;
  const [first, last] = from.line <= to.line ? [from, to] : [to, from];
  if (/^\s*(else\b|case\b|if\b.*[^;{]\s*$)/.test(last.text)) return undefined;
  const before = `${indentOf(first.text)}${calls[0]}\n${first.text}`;
  // What tests the value goes on under its condition: there is no one line behind it.
  const after = /;\s*(\/[/*].*)?$/.test(last.text) && !/^\s*(if|while|for)\b/.test(last.text)
    ? `\n${indentOf(last.text)}${calls[1]}`
    : undefined;
  if (after === undefined) return undefined;
  return first.line === last.line ? [change(first, before + after)] : [
    change(first, before),
    change(last, last.text + after),
  ];
}

/** `v = x; x = 0;` as one exchange; the line that leaves zero goes. */
export function exchange(load: TableAccess, store: TableAccess): Repair[] | undefined {
  const { line: read } = load, { line: clear } = store;
  if (!read || !clear || load.size < 4) return undefined;
  const cleared = new RegExp(`^\\s*(?:WRITE_ONCE\\(${PLACE},\\s*([^;]+)\\)|${PLACE}\\s*=\\s*([^;=]+));\\s*$`).exec(
    clear.text,
  );
  const place = cleared?.[1] ?? cleared?.[3], value = cleared?.[2] ?? cleared?.[4];
  if (!cleared || !place || !value || read.line === clear.line) return undefined;
  const isRead = read.text.includes(`READ_ONCE(${place})`) ? `READ_ONCE(${place})` : place;
  const at = read.text.lastIndexOf(isRead);
  if (at < 0 || !/=/.test(read.text.slice(0, at))) return undefined;
  const taken = `__sync_lock_test_and_set(${addressOf(place)}, ${value.trim()})`;
  return [change(read, read.text.slice(0, at) + taken + read.text.slice(at + isRead.length)), change(clear, "")];
}

/** A plain store as one with a full barrier, or as a store-release; undefined where the line is no plain assignment. */
export function barrierStore({ line, size }: TableAccess, how: "full" | "release"): Repair[] | undefined {
  if (!line || how === "full" && size < 4) return undefined;
  const form = new RegExp(`${START}(?:WRITE_ONCE\\(${PLACE},\\s*([^;]+)\\)|${PLACE}\\s*=\\s*([^;=]+));(.*)$`);
  const found = form.exec(line.text.trim());
  const place = found?.[2] ?? found?.[4], value = (found?.[3] ?? found?.[5])?.trim();
  if (!found || !place || value === undefined) return undefined;
  const call = how === "full"
    ? `__sync_lock_test_and_set(${addressOf(place)}, ${value})`
    : `__atomic_store_n(${addressOf(place)}, ${value}, __ATOMIC_RELEASE)`;
  return [change(line, `${indentOf(line.text)}${found[1]}${call};${found[6]}`)];
}

/** A plain load as a load-acquire. */
export function acquireLoad({ line, field }: TableAccess): Repair[] | undefined {
  const name = field.replace(/^.*[.\]]/, "").replace(/\[.*$/, "");
  if (!line || name === "") return undefined;
  const place = String.raw`((?:[A-Za-z_]\w*(?:->|\.))*${name}(?:\[[^\]]*\])?)`;
  const once = new RegExp(`READ_ONCE\\(${place}\\)`), plain = new RegExp(`(?<![\\w&>.])${place}(?!\\w)`);
  const form = once.test(line.text) ? once : plain, found = form.exec(line.text);
  if (!found) return undefined;
  return [change(line, line.text.replace(form, () => `__atomic_load_n(&${found[1]}, __ATOMIC_ACQUIRE)`))];
}

/** A line of the listing that holds a map's type, where there is the listing. */
export function mapLine({ source }: BpfObject, map: MapDef, what: RegExp): { line: number; text: string } | undefined {
  const lines = source?.split("\n") ?? [];
  const end = lines.findIndex((text) => new RegExp(`^\\}?\\s*${map.name}\\s+SEC\\("\\.?maps"\\)`).test(text));
  for (let at = end - 1; at >= 0 && !/^struct\s*\{/.test(lines[at]); at--) {
    if (what.test(lines[at])) return { line: at + 1, text: lines[at] };
  }
  return undefined;
}

/** Counts what a call that found no room did not take; `dropped` is a global counter of the listing's own. */
export function countFailure(object: BpfObject, line: LineInfo | undefined, isTested: boolean): Repair[] | undefined {
  if (!line) return undefined;
  const indent = indentOf(lineText(object, line) ?? line.text), statement = /^\s*(bpf_\w+\(.*\));\s*$/.exec(line.text);
  if (!isTested) {
    return statement
      ? [
        change(
          { line: line.line, text: lineText(object, line) ?? line.text },
          `${indent}if (${statement[1]})\n${indent}\t__sync_fetch_and_add(&dropped, 1);`,
        ),
      ]
      : undefined;
  }
  const test = /^\s*if\s*\(\s*!\s*\w+\s*\)\s*(\{?)\s*$/.exec(line.text);
  if (!test) return undefined;
  const count = `${indent}\t__sync_fetch_and_add(&dropped, 1);`;
  const tested = { line: line.line, text: lineText(object, line) ?? line.text };
  if (test[1] !== "") return [change(tested, `${tested.text}\n${count}`)];
  const next = lineText(object, line, line.line + 1);
  if (!next || !/;\s*$/.test(next)) return undefined;
  return [
    change(tested, `${tested.text.trimEnd()} {\n${count}`),
    { line: line.line + 1, before: next, after: `${next}\n${indent}}` },
  ];
}

/** A section that has a guard of its own, in place of one that shares it with others. */
export function ownGuard({ source }: BpfObject, section: string): Repair[] | undefined {
  const lines = source?.split("\n") ?? [], at = lines.findIndex((text) => text.includes(`SEC("${section}")`));
  const other = section.replace(/^kprobe\//, "fentry/").replace(/^kretprobe\//, "fexit/");
  if (at < 0 || other === section) return undefined;
  return [{ line: at + 1, before: lines[at], after: lines[at].replace(section, other) }];
}

/** The two locks of a program the other way round: in every line that takes one of them or gives it back. */
export function otherOrder({ lines }: Program): Repair[] | undefined {
  const call = /\bbpf_res_spin_(?:un)?lock\w*\(\s*([^,)]+)/;
  const calls = new Map(lines.flatMap((line) => {
    const lock = call.exec(line.text)?.[1].trim();
    return lock === undefined ? [] : [[line.line, { line, lock }] as const];
  }));
  const locks = [...new Set([...calls.values()].map(({ lock }) => lock))];
  if (locks.length !== 2) return undefined;
  return [...calls.values()].sort((a, b) => a.line.line - b.line.line).map(({ line, lock }) =>
    change(line, line.text.replace(lock, locks[locks.indexOf(lock) ^ 1]))
  );
}

/**
 * The changes with the listing's own indentation: an object's line information has the lines' text without it.
 */
export function indented(object: BpfObject, changes: readonly Repair[] | undefined, { file }: LineInfo) {
  return changes?.map((one): Repair => {
    const text = lineText(object, { file, line: one.line } as LineInfo);
    if (text === undefined || text === one.before || text.trim() !== one.before.trim()) return one;
    const indent = indentOf(text);
    const after = one.after === ""
      ? ""
      : one.after.split("\n").map((line) => line === "" ? line : indent + line).join("\n");
    return { line: one.line, before: indent + one.before, after };
  });
}
