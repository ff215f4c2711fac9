/** Whether two compilers' objects of one listing do the same: verdicts, what is computed, every visible operation. */
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import type { TraceStep } from "../../lib/report/result.ts";
import { verify } from "../../lib/verifier/verify.ts";

export interface Difference {
  readonly program: string;
  /**
   * `order`: the same operations on each place, in the order of each; but plain accesses to places apart in another
   * order, which C leaves open and clang's scheduler makes use of.
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
    if (byPlace(they.operations) !== byPlace(we.operations)) add("operations", they.operations, we.operations);
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

/** Operations on each place in their order, and those that keep their order among all: volatile and atomic ones. */
function byPlace(operations: string): string {
  const places = new Map<string, string[]>(), ordered: string[] = [];
  for (const line of operations.split("\n")) {
    const [kind, , target] = line.split(" ");
    places.set(target, [...places.get(target) ?? [], line]);
    if (!/^(load|store)$/.test(kind) || VOLATILE.test(target)) ordered.push(line);
  }
  return [...[...places.values()].map((lines) => lines.join("\n")).sort(), ...ordered].join("\n");
}

/** What generated_c.ts calls its volatile variables. */
const VOLATILE = /^v(8|16|32|64)$/;

const operation = ({ kind, size, target, before, after }: TraceStep): string =>
  `${kind} ${size} ${target} ${before} ${after}`;
