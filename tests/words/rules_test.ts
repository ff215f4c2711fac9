import { describe, expect, it } from "vitest";
import {
  above,
  list,
  oneOf,
  record,
  recordProblem,
  type Rules,
  text,
  valueProblem,
  whole,
} from "../../lib/words/rules.ts";

const RULES: Rules = {
  cpus: whole(1, 512, "cpus: 4"),
  order: oneOf(["first", "last"], 'order: "first"'),
  runs: list(
    "a list of runs",
    record("a run", { prog: text("a name", 'prog: "a"') }, ["prog"], '{ prog: "a" }'),
    "runs: []",
  ),
};
const problem = (given: object): string | undefined => recordProblem("options", given, { rules: RULES });

describe("rules for a record", () => {
  it("find nothing in what fits, nor in what is not given", () => {
    expect(problem({})).toBeUndefined();
    expect(problem({ cpus: 4, order: "last", runs: [{ prog: "count" }] })).toBeUndefined();
    expect(problem({ cpus: undefined })).toBeUndefined();
  });

  it("name the place, the value, what it must be, an example and what may have been meant", () => {
    expect(problem({ cpus: 0 })).toBe(
      "options.cpus is 0: it must be a whole number from 1 to 512, for example cpus: 4",
    );
    expect(problem({ order: "fisrt" })).toBe(
      'options.order is the text "fisrt": it must be "first" or "last", for example order: "first"; did you mean first?',
    );
    expect(problem({ runs: [{ prog: "a" }, { prog: "" }] })).toBe(
      'options.runs[1].prog is the text "": it must be a name, for example prog: "a"',
    );
    expect(valueProblem("seconds", -1, above())).toBe("seconds is -1: it must be a number above 0");
  });

  it("refuse a name that there is not, and miss one that has to be there", () => {
    expect(problem({ cpu: 4 })).toBe("options has no option cpu; did you mean cpus?");
    expect(problem({ wibble: 4 })).toBe("options has no option wibble; it has cpus, order, runs");
    expect(problem({ toString: 4 })).toContain("has no option toString");
    expect(problem({ runs: [{}] })).toBe('options.runs[0] has no prog; write { prog: "a" }');
    const required = { rules: RULES, required: ["cpus"] };
    expect(recordProblem("profile", {}, required)).toBe(
      "profile has no cpus: it must be a whole number from 1 to 512",
    );
  });

  it("say where a name belongs, unless another one was meant", () => {
    const elsewhere = { seed: "simulate has it", cpu: "never said" };
    expect(recordProblem("explore", { seed: 1 }, { rules: RULES, elsewhere })).toBe(
      "explore has no option seed: simulate has it",
    );
    expect(recordProblem("explore", { cpu: 1 }, { rules: RULES, elsewhere })).toBe(
      "explore has no option cpu; did you mean cpus?",
    );
  });
});
