/** Witnesses in files: they replay, and say so where they do not. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findRaces } from "../../lib/check/find_races.ts";
import { readWitness, replayWitness, witnessFile } from "../../lib/check/witness_file.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { toJson } from "../../lib/report/json.ts";

const rules = await bpf.file(fileURLToPath(new URL("./progs/more_rules.bpf.c", import.meta.url)));
const found = await findRaces(rules, { programs: ["enter_a", "enter_b", "starts_once", "sample", "probe"] });
const sender = await findRaces(rules, { programs: ["send_message", "receive_message"] });
const text = (of: typeof found, at = 0) => toJson(witnessFile(of.confirmed[at], "more_rules.o"));

describe("a witness file", () => {
  it("replays every confirmed finding as it was recorded", async () => {
    expect(found.confirmed.length).toBe(3);
    for (let at = 0; at < 3; at++) {
      const { object, witness } = readWitness(text(found, at));
      expect(object).toBe("more_rules.o");
      const { same, trace } = await replayWitness(rules, witness);
      expect([same, trace.length]).toEqual([true, witness.steps]);
    }
  });

  it("holds an execution of a memory model, too", async () => {
    const { same, what } = await replayWitness(rules, readWitness(text(sender)).witness);
    expect([same, what.includes("NOT KEPT")]).toEqual([true, true]);
  });

  it("of another schedule is not as recorded", async () => {
    const { witness } = readWitness(text(found, 1));
    const serial = { ...witness, schedule: "0*4 1*4" };
    await expect(replayWitness(rules, { ...serial, schedule: "0*999 5" })).rejects.toThrow();
    expect((await replayWitness(rules, { ...serial, schedule: "0*3 1" })).same).toBe(false);
  });
});

describe("what check --json says", () => {
  const output = toJson({ schema: 1, objects: [found.toJSON(), sender.toJSON()] });

  it("has all of its witnesses, by number", () => {
    expect(readWitness(output, 3).field).toBe("ready, message");
    expect(() => readWitness(output)).toThrow(
      /has 4 witnesses: say which \(0: order-without-barrier of here_a, here_b;/,
    );
    expect(() => readWitness(output, 4)).toThrow("none of number 4");
  });

  it("is refused where it holds none", () => {
    expect(() => readWitness("{")).toThrow("is no JSON");
    expect(() => readWitness("{}")).toThrow('no "schema": 1');
    expect(() => readWitness(toJson({ schema: 1, objects: [] }))).toThrow("has no confirmed finding");
  });
});
