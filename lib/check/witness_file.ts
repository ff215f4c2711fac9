/** A confirmed finding in a file of its own, and what replays it: the same steps, or what is different. */
import type { BpfObject } from "../object/bpf_object.ts";
import type { TraceStep } from "../report/result.ts";
import { type ExploreOptions, explorePlan } from "../search/explore.ts";
import { plan } from "../workload/plan.ts";
import { sized } from "./access_table.ts";
import type { RaceFinding, RaceWitness } from "./finding.ts";
import { findingJson, SCHEMA } from "./race_json.ts";
import type { UserPart } from "./user_part.ts";
import { story, traced } from "./witness_trace.ts";
import { witnessProblem } from "./witness_rules.ts";
import { toWorkload } from "./witness_workload.ts";
import { completed } from "../workload/user_space_side.ts";

/** What says that a JSON file is one of these. */
const KIND = "interleave witness";

/** The finding as `check --json` has it, and the object file that it is of, by its name beside this one. */
export const witnessFile = (finding: RaceFinding, object: string): object => ({
  ...{ schema: SCHEMA, kind: KIND, object },
  finding: findingJson(finding),
});

/** One finding that can be replayed, as read. */
export interface ReadWitness {
  /** Name of the object file. */
  readonly object: string;
  readonly name: string;
  readonly field: string;
  readonly reason: string;
  readonly witness: RaceWitness;
}

/**
 * Reads a witness out of a file of `check --witness` or an output of `check --json`.
 *
 * @param index which confirmed finding of an output that has several, from 0
 * @throws SyntaxError for what is neither, in words that say what is missing
 */
export function readWitness(text: string, index?: number): ReadWitness {
  const read = parsed(text);
  if (read?.schema !== SCHEMA) throw new SyntaxError(`is of no witness: it has no "schema": ${SCHEMA}`);
  const entries = read.kind === KIND
    ? [{ object: String(read.object), finding: read.finding as Finding }]
    : list<ObjectEntry>(read.objects).flatMap(({ object, findings }) =>
      list<Finding>(findings).map((finding) => ({ object: String(object), finding }))
    );
  const confirmed = entries.filter(({ finding }) => typeof finding?.witness?.schedule === "string");
  if (confirmed.length === 0) throw new SyntaxError("has no confirmed finding, and so no witness");
  if (confirmed.length > 1 && index === undefined) {
    const all = confirmed.map(({ finding: { name, field } }, i) => `${i}: ${name} of ${field}`).join("; ");
    throw new SyntaxError(`has ${confirmed.length} witnesses: say which (${all})`);
  }
  const one = confirmed[index ?? 0];
  if (!one) throw new SyntaxError(`has ${confirmed.length} witnesses, and none of number ${index}`);
  const { name, field, reason, witness } = one.finding;
  const problem = witnessProblem(witness);
  if (problem !== undefined) throw new SyntaxError(`has a damaged witness: ${problem}`);
  return { object: one.object, name, field, reason, witness };
}

type Finding = Pick<ReadWitness, "name" | "field" | "reason" | "witness">;
interface ObjectEntry {
  readonly object: unknown;
  readonly findings: unknown;
}
const list = <T>(value: unknown): readonly T[] => Array.isArray(value) ? value as T[] : [];

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError("is no JSON");
  }
}

/** What came of a replay. */
export interface Replayed {
  /** Whether every access to data is the one that the witness has. */
  readonly same: boolean;
  /** The steps; none under a memory model that has executions instead. */
  readonly trace: readonly TraceStep[];
  /** The accesses to data, or the explanation of an execution, in words. */
  readonly what: string;
}

/**
 * Runs a witness again.
 *
 * @param object that the witness is of
 * @param part user space's part, where the witness has one
 * @throws WorkloadError where the object has no such program, RangeError where a task of the schedule cannot go on
 */
export async function replayWitness(object: BpfObject, witness: RaceWitness, part: UserPart = {}): Promise<Replayed> {
  const options: ExploreOptions = toWorkload(witness.workload, part),
    planned = plan(sized(completed(object).object), options, "explore");
  if (witness.workload.memory === "bpf") {
    const { explanation } = await explorePlan(planned, options), what = explanation.join("\n").trim();
    return { same: what === witness.what, trace: [], what };
  }
  const { trace } = traced({ plan: planned, options }, witness.schedule), what = story(trace);
  return { same: what === witness.what, trace, what };
}
