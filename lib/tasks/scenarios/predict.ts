/** Every outcome that the search predicts for a scenario, as the text that runs on the kernel are compared by. */
import type { BpfObject } from "../../object/bpf_object.ts";
import type { Machine } from "../../machine/machine.ts";
import { searchedMachine } from "../../search/explore.ts";
import { exploreAll } from "../../search/all_schedules.ts";
import { describeReturned } from "../../search/outcome.ts";
import { planTasks } from "../../workload/plan.ts";
import type { ProgRun, Workload } from "../../workload/workload.ts";
import type { UserApi } from "../../maps/user_space.ts";
import { makeCalls, valueOf } from "./actor.ts";
import { isPercpu, type MapName, MAPS, mapsOf, type Role, type Scenario } from "./draw.ts";
import { type Globals, programOf } from "./program.ts";

/** States beyond which a scenario is left out, and how long its search may take. */
const MOST_STATES = 6_000, MOST_SECONDS = 1;

export interface Prediction {
  readonly outcomes: ReadonlySet<string>;
  readonly states: number;
  /** Why the search did not come to its end; deadlocks and faults, which no scenario should have. */
  readonly unfinished?: string;
  readonly stuck: readonly string[];
}

export const GLOBALS = ".bss";
export const nameOf = (role: number): string => `p${role}`;

/** Where the global variables of the listing of all maps stand. */
export function globalsOf({ maps }: Pick<BpfObject, "maps">): Globals {
  const map = maps.findIndex(({ name }) => name === GLOBALS);
  const offset = (of: string) => maps[map].data!.variables.find(({ name }) => name === of)!.offset;
  return { map, words: offset("words"), result: offset("result"), fence: offset("fence") };
}

/** The object of a scenario: its programs, and those maps that it uses. */
export function objectOf(scenario: Scenario, all: BpfObject): BpfObject {
  const used: readonly string[] = [...mapsOf(scenario), GLOBALS];
  const maps = all.maps.filter(({ name }) => used.includes(name)), globals = globalsOf({ maps });
  const programs = scenario.roles.flatMap(({ items }, role) =>
    items ? [programOf(nameOf(role), scenario.section, items, role, { maps }, globals).program] : []
  );
  return { ...all, name: `scenario ${scenario.seed}`, programs, maps };
}

/** Which CPU each role is on: an interrupt strikes the other role's. */
export const cpuOf = (roles: readonly Role[], role: number): number =>
  roles[role].kind === "interrupt" ? 1 - role : role;

/** What runs where. */
export function workloadOf(scenario: Scenario, cpus: number): Workload {
  const { roles, initial } = scenario;
  const programs: ProgRun[] = [];
  const freezes = roles.some((role) => role.kind === "actor" && role.calls.some(({ call }) => call === "freeze"));
  for (const [index, role] of roles.entries()) {
    // What an actor runs has to be loaded.
    if (role.kind === "actor" && role.items) programs.push({ prog: nameOf(index), cpus: [index], invocations: 0 });
    if (role.kind === "program") programs.push({ prog: nameOf(index), cpus: [index], invocations: role.invocations });
  }
  return {
    cpus,
    programs,
    verify: false,
    interrupts: roles.flatMap((role, index) =>
      role.kind === "interrupt" ? [{ prog: nameOf(index), cpu: 1 - index, count: role.invocations }] : []
    ),
    user: roles.flatMap((role, index) => {
      if (role.kind !== "actor") return [];
      const plain = (user: UserApi) => makeCalls(user, role.calls, { prog: nameOf(index), cpus });
      // The machine looks for the word in the body.
      const freezing = (user: UserApi) => {
        void user.freeze;
        return plain(user);
      };
      return [{ name: `u${index}`, cpu: index, body: freezes ? freezing : plain }];
    }),
    prepare: function* (user) {
      for (const { map, key, value } of initial) yield* user.update(map, key, valueOf(map, value, cpus));
    },
  };
}

/** Visits every schedule. */
export async function predict(scenario: Scenario, all: BpfObject, cpus: number): Promise<Prediction> {
  const object = objectOf(scenario, all), plan = planTasks(object, workloadOf(scenario, cpus));
  const outcomes = new Set<string>(), stuck = new Set<string>();
  const search = await exploreAll(
    () => searchedMachine(plan, {}),
    {
      maxStates: MOST_STATES,
      maxDepth: 2000,
      until: performance.now() + 1000 * MOST_SECONDS,
      seconds: MOST_SECONDS,
      memoryBytes: 2 ** 28,
    },
    { symmetric: false, reduce: true },
    (end, machine) => {
      if (end.kind === "done") outcomes.add(outcomeOf(machine, scenario));
      else stuck.add(machine.fault?.message ?? machine.describeDeadlock());
    },
  );
  return { outcomes, states: search.states, unfinished: search.bound, stuck: [...stuck] };
}

function outcomeOf(machine: Machine, scenario: Scenario): string {
  const { kernel, memory } = machine, lines: string[] = [];
  for (const name of mapsOf(scenario)) {
    const map = kernel.maps.find((map) => map.name === name)!, found = new Map<string, Uint8Array[]>();
    for (const { key, addr } of map.entries(memory)) {
      const text = String(new DataView(key.buffer, key.byteOffset).getUint32(0, true));
      const values = found.get(text) ?? found.set(text, []).get(text)!;
      values.push(memory.bytes.subarray(addr, addr + map.def.valueSize));
    }
    lines.push(lineOf(name, (key) => found.get(String(key))));
  }
  const bss = kernel.maps.find(({ name }) => name === GLOBALS)!;
  const [{ addr }] = bss.entries(memory);
  lines.push(textOfGlobals(memory.bytes.subarray(addr, addr + bss.def.valueSize), globalsOf(machine.object)));
  const returned = machine.tasks.flatMap(({ user, returned }) => user ? [`${user} ${describeReturned(returned)}`] : []);
  return [...lines, ...returned].join("\n");
}

/** What a map holds: for each key the first byte of each number, for all scenarios write small ones. */
export function lineOf(map: MapName, valuesOf: (key: number) => readonly Uint8Array[] | undefined): string {
  const from = MAPS[map].locked ? 8 : 0;
  const parts = MAPS[map].keys.map((key) => {
    const values = valuesOf(key);
    return `${key}: ${values?.map((bytes) => textOfNumbers(bytes, from)).join(isPercpu(map) ? " @ " : "") ?? "-"}`;
  });
  return `${map} { ${parts.join(", ")} }`;
}

export function textOfGlobals(bytes: Uint8Array, { words, result }: Globals): string {
  const numbers = (from: number, count: number) => textOfNumbers(bytes.subarray(from, from + 8 * count), 0);
  return `words ${numbers(words, 3)}; result ${numbers(result, 2)}`;
}

function textOfNumbers(bytes: Uint8Array, from: number): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), numbers: string[] = [];
  for (let at = from; at + 8 <= bytes.length; at += 8) numbers.push(view.getBigUint64(at, true).toString(16));
  return numbers.join("/");
}
