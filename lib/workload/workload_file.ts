/** Workloads in files of their own, JSON or TypeScript, that the command line and notebooks read alike. */
import { readInput } from "../compile/read_input.ts";
import { fileAddress } from "../host/paths.ts";
import { WorkloadError } from "../cpu/workload_error.ts";
import type { Model } from "../cpu/operation.ts";
import type { UserActor } from "../maps/user_actor.ts";
import type { UserApi } from "../maps/user_space.ts";
import { isRecord, list, record, recordProblem, type Rule, type Rules, text } from "../words/rules.ts";
import { hexBytes, packetsIn } from "./packet_file.ts";
import type { Interrupt, ProgRun, Workload } from "./workload.ts";

/** Methods of the `user` API that a list of calls may name. */
const CALLS = [
  ...[
    "update",
    "delete",
    "lookup",
    "nextKey",
    "freeze",
    "run",
    "swapInner",
    "writeGlobal",
    "readGlobal",
    "atomicGlobal",
  ],
  ...["sleep", "note"],
] as const;

const anything: Rule = { wants: "anything", fits: () => true };
const HEX: Rule = {
  wants: "hexadecimal digits, two for each byte",
  example: '"0b00 0000"',
  fits: (value) => typeof value === "string" && hexBytes(value) !== undefined,
};
const PACKETS = list(
  "a list of packets: hexadecimal digits, or names of files",
  text("text", '"00ff..."'),
  '["syn.pcap"]',
);
const CALL: Rule = {
  wants: `a list: one of ${CALLS.join(", ")}, and then what it is called with`,
  example: '["update", "stats", 0, 1]',
  fits: (value) => Array.isArray(value) && (CALLS as readonly unknown[]).includes(value[0]),
};
const CALLS_RULE = list("a list of calls of user space", CALL, '[["update", "stats", 0, 1]]');
const known = (names: readonly string[]): Rules => Object.fromEntries(names.map((name) => [name, anything]));
const PROGRAM = {
  ...known(["prog", "cpus", "invocations", "sleepable", "after", "exitOf", "pid", "tgid"]),
  ctx: HEX,
  packets: PACKETS,
};
const INTERRUPT = { ...known(["prog", "cpu", "kind", "count"]), ctx: HEX, packets: PACKETS };
const ACTOR = { ...known(["name", "cpu", "after", "pid", "tgid"]), calls: CALLS_RULE };
const FILE: Rules = {
  ...known(["cpus", "invocations", "preempt", "memory", "limits", "verify"]),
  packets: PACKETS,
  programs: list(
    "a list of programs",
    {
      wants: "the name of a program, or an object",
      fits: (value) => typeof value === "string" || isRecord(value),
      inside: (value, path) => isRecord(value) ? recordProblem(path, value, { rules: PROGRAM }) : undefined,
    },
    '["count"]',
  ),
  interrupts: list("a list of interrupts", record("an object", INTERRUPT, [], "{}"), '[{ "prog": "count", "cpu": 0 }]'),
  prepare: CALLS_RULE,
  user: list(
    "a list of user-space actors",
    record("an object", ACTOR, ["name", "calls"], '{ "name": "reader", "calls": [["lookup", "stats", 0]] }'),
    '[{ "name": "reader", "calls": [["lookup", "stats", 0]] }]',
  ),
};

/**
 * Reads a workload from a file.
 *
 * A JSON file has the names of {@link Workload}; bytes (`ctx`, `packets`) are hexadecimal digits, packets also names of
 * files (pcap, raw, hexadecimal) beside the current folder. What user space does is a list of calls, each a list of a
 * method of the `user` API and its arguments: `"prepare": [["update", "stats", 0, 1]]`, `"user": [{ "name": "reader",
 * "calls": [["lookup", "stats", 0]] }]`. A TypeScript or JavaScript module gives the workload as its default export.
 *
 * @param path of a .json, .ts, .js or .mjs file, or `-` for JSON on standard input
 * @throws WorkloadError for what is no workload, with the place in the file
 * @throws InputError when there is no such file
 *
 * @example
 * ```ts
 * import { bpf, simulate, type Workload, workloadFile } from "interleave";
 * const object = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const fromFile = async (path: string): Promise<Workload> => await workloadFile(path);
 * const run = await simulate(object, { cpus: 1, invocations: 1 });
 * if (run.final.counter !== 1n || typeof fromFile !== "function") throw new Error("one run");
 * ```
 */
export async function workloadFile(path: string): Promise<Workload> {
  const given = await fileValue(path);
  if (!isRecord(given)) throw new WorkloadError(`${path}: a workload is an object, { "cpus": 2 } for one`);
  return isModule(path) ? given as Workload : await fromJson(given, path);
}

/** What user space does first, from a file: a JSON list of calls, or a module whose default export is `prepare`. */
export async function prepareFile(path: string): Promise<NonNullable<Workload["prepare"]>> {
  const given = await fileValue(path);
  if (typeof given === "function") return given as NonNullable<Workload["prepare"]>;
  refuse(path, recordProblem(path, { prepare: given }, { rules: { prepare: CALLS_RULE }, prefix: "" }));
  return callsOf(given as Calls);
}

const isModule = (path: string): boolean => /\.[cm]?[jt]s$/.test(path);

async function fileValue(path: string): Promise<unknown> {
  if (isModule(path)) {
    await readInput(path);
    const module = await import(fileAddress(path));
    if (module.default === undefined) throw new WorkloadError(`${path} has no default export: export default { ... }`);
    return module.default;
  }
  const source = new TextDecoder().decode(await readInput(path));
  try {
    return JSON.parse(source);
  } catch (error) {
    throw new WorkloadError(`${path} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

type Calls = readonly (readonly [method: typeof CALLS[number], ...args: unknown[]])[];

/** Calls one after another. Its text is that of the calls: a plan looks there for what user space may do. */
function callsOf(calls: Calls): (user: UserApi) => Model<unknown> {
  function* body(user: UserApi): Model<unknown> {
    const returned: unknown[] = [];
    for (const [method, ...args] of calls) {
      const call = user[method] as unknown as (...args: unknown[]) => Model<unknown>;
      returned.push(yield* call.apply(user, args.map(argument)));
    }
    return returned;
  }
  return Object.assign(body, { toString: () => JSON.stringify(calls) });
}

/** `{ "hex": "00ff" }` stands for bytes. */
function argument(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const bytes = typeof value.hex === "string" && Object.keys(value).length === 1 ? hexBytes(value.hex) : undefined;
  return bytes ?? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, argument(inner)]));
}

/** What stands in JSON for a program, an interrupt, an actor. */
interface WithBytes {
  readonly ctx?: string;
  readonly packets?: readonly string[];
}
interface FileWorkload extends Omit<Workload, "programs" | "interrupts" | "prepare" | "user" | "packets"> {
  readonly packets?: readonly string[];
  readonly programs?: readonly (string | (Omit<ProgRun, keyof WithBytes> & WithBytes))[];
  readonly interrupts?: readonly (Omit<Interrupt, keyof WithBytes> & WithBytes)[];
  readonly prepare?: Calls;
  readonly user?: readonly (Omit<UserActor, "body"> & { readonly calls: Calls })[];
}

async function fromJson(given: Record<string, unknown>, path: string): Promise<Workload> {
  refuse(path, recordProblem("the workload", given, { rules: FILE, prefix: "" }));
  const { packets, programs, interrupts, prepare, user, ...rest } = given as FileWorkload;
  return {
    ...rest,
    ...(packets && { packets: await packetsOf(packets) }),
    ...(programs && {
      programs: await Promise.all(programs.map(async (run) => typeof run === "string" ? run : await withBytes(run))),
    }),
    ...(interrupts && { interrupts: await Promise.all(interrupts.map(withBytes)) }),
    ...(prepare && { prepare: callsOf(prepare) }),
    ...(user && { user: user.map(({ calls, ...actor }): UserActor => ({ ...actor, body: callsOf(calls) })) }),
  };
}

async function withBytes<T extends WithBytes>({ ctx, packets, ...rest }: T) {
  return {
    ...rest,
    ...(ctx !== undefined && { ctx: hexBytes(ctx) }),
    ...(packets && { packets: await packetsOf(packets) }),
  };
}

/** Packets from hexadecimal digits and from files. */
export async function packetsOf(given: readonly string[]): Promise<Uint8Array[]> {
  const read = await Promise.all(given.map(async (one) => {
    const bytes = hexBytes(one);
    return bytes ? [bytes] : packetsIn(await readInput(one), one);
  }));
  return read.flat();
}

/** Bytes from hexadecimal digits, or a file's. */
export async function bytesOf(given: string): Promise<Uint8Array> {
  return hexBytes(given) ?? await readInput(given);
}

function refuse(path: string, problem: string | undefined): void {
  if (problem !== undefined) throw new WorkloadError(`${path}: ${problem}`);
}
