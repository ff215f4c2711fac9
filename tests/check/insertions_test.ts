/** Insertions with BPF_NOEXIST whose refusal nothing looks at, and the programs beside them that lose nothing. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findRaces } from "../../lib/check/find_races.ts";
import { bpf } from "../../lib/compile/bpf.ts";

const listing = await bpf.file(fileURLToPath(new URL("./progs/insertions.bpf.c", import.meta.url)));
const races = (...programs: string[]) => findRaces(listing, { programs });

describe("an insertion with BPF_NOEXIST", () => {
  for (const prog of ["else_inserts", "inserts_and_returns"]) {
    it(`loses a count where nothing looks at -EEXIST: ${prog}`, async () => {
      const { findings } = await races(prog);
      expect(findings.map(({ name, field, proof }) => `${name} ${field} ${proof.state}`)).toEqual([
        "check-then-act sources confirmed",
      ]);
      const [{ sites, reason, help }] = findings;
      expect(sites.map(({ line }) => line!.text.trim())).toEqual([
        "bpf_map_update_elem(&sources, &key, &one, BPF_NOEXIST);",
        expect.stringContaining("bpf_map_lookup_elem(&sources, &key);"),
      ]);
      expect(reason).toContain("-EEXIST");
      expect(help).toContain("look the value up again");
    });
  }

  it("is repaired where the listing has a line for it, and the repaired listing loses nothing", async () => {
    const [{ repair }] = (await races("inserts_and_returns")).findings;
    expect(repair!.map(({ after }) => after).join("\n")).toBe([
      "\t\tif (!bpf_map_update_elem(&sources, &key, &one, BPF_NOEXIST))",
      "\t\t\treturn XDP_PASS;",
      "\t\tfound = bpf_map_lookup_elem(&sources, &key);",
      "\t\tif (!found)",
      "\t\t\treturn XDP_PASS;",
    ].join("\n"));
    expect((await races("else_inserts")).findings[0].repair).toBeUndefined();
  });

  for (
    const prog of [
      ...["looks_at_the_result", "inserts_zeros_and_looks_again", "starts_and_looks_again", "counts_the_refused"],
      ...["makes_room", "remembers_the_first"],
    ]
  ) {
    it(`loses nothing: ${prog}`, async () => {
      // Beside a program that counts in the same map: what it holds has something to lose.
      const beside = prog === "makes_room" ? ["looks_at_the_result"] : [];
      expect((await races(prog, ...beside)).findings).toEqual([]);
    });
  }

  it("is a latch where its result is what counts", async () => {
    expect((await races("counts_firsts")).findings).toEqual([]);
  });
});
