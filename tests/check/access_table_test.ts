/** The table of accesses: which field, how it is protected, whose it is. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type AccessTable, accessTable } from "../../lib/check/access_table.ts";
import { tableJson, tableText } from "../../lib/check/table_text.ts";
import { bpf } from "../../lib/compile/bpf.ts";

const listing = (name: string) => bpf.file(fileURLToPath(new URL(`./progs/${name}.bpf.c`, import.meta.url)));
const tools = await listing("tools"), rules = await listing("rules");
const rows = ({ accesses }: AccessTable) =>
  [
    ...new Set(
      accesses.map(({ field, kind, protection, owner, locks }) => [field, kind, protection, owner, ...locks].join(" ")),
    ),
  ].sort();

describe("the access table", () => {
  it("names fields, and says what protects each access", () => {
    expect(rows(accessTable(rules, ["locked"]))).toEqual([
      "accounts.balance load lock none the value's lock",
      "accounts.balance store lock none the value's lock",
      "accounts.moves load lock none the value's lock",
      "accounts.moves store lock none the value's lock",
    ]);
    expect(rows(accessTable(rules, ["atomic_counter", "plain_narrow"]))).toEqual([
      "counter atomic atomic none",
      "narrow load plain none",
      "narrow store plain none",
    ]);
  });

  it("knows whose a value is by its key or its index", () => {
    expect(rows(accessTable(rules, ["slot_of_cpu"]))).toEqual([
      "slots[*] load own of a CPU cpu",
      "slots[*] store own of a CPU cpu",
    ]);
    expect(rows(accessTable(rules, ["value_of_process"]))).toEqual([
      "by_process.count load plain process",
      "by_process.count store plain process",
    ]);
    expect(rows(accessTable(tools, ["enter"]))).toEqual(["started helper own of a thread thread"]);
  });

  it("tells a lock that is held on one path only from one that is always held", () => {
    const stores = accessTable(rules, ["forgets_on_one_path"]).accesses.filter(({ kind }) => kind === "store");
    expect(stores.map(({ locks }) => locks.length).sort()).toEqual([0, 1]);
  });

  it("prints a block for each field with the program's line and contexts", () => {
    const text = tableText(accessTable(tools, ["count_source"]));
    expect(text).toMatch(/^by_source\.packets {2}\(LRU_HASH\)$/m);
    expect(text).toMatch(/^ {2}count_source {2}tools\.bpf\.c:\d+ {2}read, plain +in softirq$/m);
    expect(text).toMatch(/written by bpf_map_update_elem, plain/);
  });

  it("is data without what differs from machine to machine", () => {
    const [first] = tableJson(accessTable(rules, ["atomic_counter"])) as Record<string, unknown>[];
    expect(first).toMatchObject({ map: ".bss", field: "counter", kind: "atomic", reads: true, writes: true });
    expect(first.file).toBe("rules.bpf.c");
  });

  it("leaves the verifier's answer as it is", () => {
    const refused = accessTable(rules).programs.map(({ verdict }) => verdict.verdict);
    expect(new Set(refused)).toEqual(new Set(["accept"]));
  });
});
