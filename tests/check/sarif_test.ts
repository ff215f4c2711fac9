/** SARIF as OASIS' schema has it (the copy that Microsoft's SARIF SDK carries). */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import { findRaces } from "../../lib/check/find_races.ts";
import { racesSarif } from "../../lib/check/race_json.ts";
import { bpf } from "../../lib/compile/bpf.ts";

const require = createRequire(import.meta.url);
const schema = JSON.parse(
  readFileSync(require.resolve("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"), "utf8"),
);
const ajv = new Ajv({ schemaId: "auto", meta: false, allErrors: true, unknownFormats: "ignore" });
ajv.addMetaSchema(require("ajv/lib/refs/json-schema-draft-04.json"));
const isSarif = ajv.compile({ ...schema, $schema: "http://json-schema.org/draft-04/schema#" });
const problems = (log: unknown) =>
  isSarif(log) ? [] : isSarif.errors!.map(({ dataPath, message }) => `${dataPath} ${message}`);

const listing = (name: string) => bpf.file(fileURLToPath(new URL(`./progs/${name}.bpf.c`, import.meta.url)));
interface Log {
  readonly runs: readonly { readonly results: Record<string, unknown>[] }[];
}

describe("SARIF", () => {
  it("of every kind of finding, confirmed, possible, allowed and note, is valid", async () => {
    const all = [
      await findRaces(await listing("rules"), { witnesses: false }),
      await findRaces(await listing("more_rules"), { programs: ["enter_a", "enter_b", "starts_once", "report"] }),
      await findRaces(await listing("tools"), { programs: ["log_call"] }),
    ];
    const log = racesSarif(all) as Log, results = log.runs[0].results;
    expect(problems(log)).toEqual([]);
    expect(new Set(results.map(({ level }) => level))).toEqual(new Set(["error", "warning", "note"]));
    expect(results.some(({ suppressions }) => suppressions)).toBe(true);
  });

  it("of nothing found is valid, and what is none is not", () => {
    const log = racesSarif([]) as Log;
    expect(problems(log)).toEqual([]);
    expect(problems({ ...log, runs: [{ ...log.runs[0], results: [{ level: "fatal" }] }] })).not.toEqual([]);
  });

  it("of an object without line information is valid", async () => {
    const rules = await listing("rules");
    const bare = { ...rules, programs: rules.programs.map((program) => ({ ...program, lines: [] })) };
    const log = racesSarif([await findRaces(bare, { programs: ["plain_counter"], witnesses: false })]) as Log;
    expect([problems(log), log.runs[0].results.length]).toEqual([[], 1]);
  });
});
