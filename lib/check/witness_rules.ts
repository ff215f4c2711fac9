/** What a file has to have for a witness, before it is replayed: damage is named with its place. */
import { isRecord, list, record, recordProblem, type RecordRules, type Rule, text, whole } from "../words/rules.ts";
import { MAX_CPUS } from "../workload/workload.ts";

const NAME = text("a name", '"count"');
const BYTES: Rule = {
  wants: "hexadecimal digits, two for each byte",
  example: '"00ff"',
  fits: (value) => typeof value === "string" && /^([0-9a-f]{2})*$/i.test(value),
};
const CPU = whole(0, MAX_CPUS - 1), ANYTHING: Rule = { wants: "anything", fits: () => true };
/** Empty where executions of a memory model explain a finding: those have none. */
const SCHEDULE: Rule = { wants: "a schedule", example: '"0 1*2 0"', fits: (value) => typeof value === "string" };
const WITNESS: RecordRules = {
  rules: {
    ...{ schedule: SCHEDULE, steps: ANYTHING, how: ANYTHING, what: ANYTHING },
    workload: {
      wants: "a workload",
      fits: isRecord,
      inside: (value, path) => recordProblem(path, value as object, WORKLOAD),
    },
  },
  required: ["schedule", "workload"],
};
/** What a file has for {@link WitnessWorkload}; the options of runs are checked again where they are planned. */
const WORKLOAD: RecordRules = {
  rules: {
    ...{ cpus: whole(1, MAX_CPUS), invocations: whole(0, 1_000_000), preempt: ANYTHING, memory: ANYTHING },
    programs: list(
      "a list of programs",
      record(
        "a program",
        {
          ...{ prog: NAME, after: NAME, pid: ANYTHING, cpus: list("a list of CPUs", CPU, "[0, 1]") },
          ctx: list("a list of bytes", whole(0, 255), "[0, 255]"),
        },
        ["prog", "cpus"],
        '{ "prog": "count", "cpus": [0, 1] }',
      ),
      '[{ "prog": "count", "cpus": [0, 1] }]',
    ),
    interrupts: list(
      "a list of interrupts",
      record("an interrupt", { prog: NAME, cpu: CPU, kind: NAME }, ["prog", "cpu"], '{ "prog": "count", "cpu": 0 }'),
      '[{ "prog": "count", "cpu": 0 }]',
    ),
    packets: list("a list of packets", BYTES, '["00ff"]'),
    entries: list(
      "a list of entries",
      record("an entry", { map: NAME, key: BYTES, value: BYTES }, ["map", "key", "value"], "{}"),
      '[{ "map": "stats", "key": "00000000", "value": "00000000" }]',
    ),
    globals: {
      wants: "an object with a number for each global variable",
      fits: (value) => isRecord(value) && Object.values(value).every((one) => typeof one === "number"),
    },
    user: list("a list of actors", NAME, '["reader"]'),
    standIns: list("a list of helpers", NAME, '["bpf_get_stackid"]'),
  },
  required: ["cpus", "invocations", "programs", "entries", "standIns"],
};

/** What is wrong with a witness as read, in words; undefined when nothing is. */
export const witnessProblem = (witness: object): string | undefined => recordProblem("the witness", witness, WITNESS);
