/** Whether two compilers' objects of one listing do the same: verdicts, what is computed, every visible operation. */
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import type { TraceStep } from "../../lib/report/result.ts";
import { verify } from "../../lib/verifier/verify.ts";

export interface Difference {
  readonly program: string;
  /**
   * `order`: the same operations, but plain loads between two stores come in another order, which C leaves open and
   * clang's scheduler makes use of.
   */
  readonly what: "programs" | "verdict" | "result" | "operations" | "order";
  readonly theirs: string;
  readonly ours: string;
}

/** Runs of each program, one after another: the second finds what the first left behind. */
const RUNS = 2;

/**
 * Compares program by program, each on a CPU of its own.
 *
 * @param theirs of clang with a back end for BPF
 */
export async function differences(theirs: BpfObject, ours: BpfObject): Promise<Difference[]> {
  const names = (object: BpfObject) => object.programs.map(({ name, section }) => `${section}/${name}`).join(" ");
  if (names(theirs) !== names(ours)) {
    return [{ program: "", what: "programs", theirs: names(theirs), ours: names(ours) }];
  }
  const found: Difference[] = [];
  for (const { name } of theirs.programs) {
    const add = (what: Difference["what"], theirs: string, ours: string) => {
      if (theirs !== ours) found.push({ program: name, what, theirs, ours });
    };
    const [a, b] = [verdict(theirs, name), verdict(ours, name)];
    add("verdict", a, b);
    const [they, we] = [await run(theirs, name), await run(ours, name)];
    add("result", they.result, we.result);
    if (they.result !== we.result) continue;
    if (loadsSorted(they.operations) !== loadsSorted(we.operations)) add("operations", they.operations, we.operations);
    else add("order", they.operations, we.operations);
  }
  return found;
}

function verdict(object: BpfObject, program: string): string {
  const [{ verdict, message }] = verify(object, { program });
  return verdict === "accept" ? verdict : `${verdict}: ${message.replace(/\d+/g, "N")}`;
}

interface Run {
  readonly result: string;
  readonly operations: string;
}

async function run(object: BpfObject, program: string): Promise<Run> {
  try {
    const result = await simulate(object, { cpus: 1, invocations: RUNS, programs: [program], verify: false });
    const shown = (values: unknown) =>
      JSON.stringify(values, (_, value) => typeof value === "bigint" ? `${value}` : value);
    const operations = result.trace().filter(({ touches }) => touches === "data").map(operation);
    return { result: shown([result.final, result.fault && "fault"]), operations: operations.join("\n") };
  } catch (error) {
    return { result: `cannot run: ${(error as Error).message.split("\n")[0].replace(/\d+/g, "N")}`, operations: "" };
  }
}

/** Each row of loads between other operations, sorted. */
const loadsSorted = (operations: string): string =>
  operations.replace(/(?:^load .*\n?)+/gm, (loads) => loads.trim().split("\n").sort().join("\n") + "\n");

const operation = ({ kind, size, target, before, after }: TraceStep): string =>
  `${kind} ${size} ${target} ${before} ${after}`;
