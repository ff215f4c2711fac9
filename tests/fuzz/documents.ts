/**
 * Damaged files of the other kinds that a reader hands over: litmus tests, notebooks, profiles, shards, permalinks,
 * workload files, packets and witnesses.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulate } from "../../lib/backends/simulator.ts";
import { findRaces } from "../../lib/check/find_races.ts";
import { readWitness, replayWitness, witnessFile } from "../../lib/check/witness_file.ts";
import { projectFolder } from "../../lib/compile/folders.ts";
import { checkProfile, type Profile } from "../../lib/cost/profile.ts";
import { profileNamed, PROFILES } from "../../lib/cost/profiles.ts";
import { formatNotebook, parseNotebook } from "../../lib/jupyter/notebook_file.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { loadObject } from "../../lib/object/load.ts";
import { toJson } from "../../lib/report/json.ts";
import type { SeededRandom } from "../../lib/schedulers/random_numbers.ts";
import { type ExploredShard, exploreShard, mergeExplored } from "../../lib/search/explore_shards.ts";
import { litmus } from "../../lib/search/litmus/litmus.ts";
import { mergeSweeps, type Sweep, sweep } from "../../lib/sweeps/seed_grid.ts";
import { openSearch, openSweep, sealSearch, sealSweep } from "../../lib/sweeps/shard_file.ts";
import { toPage } from "../../lib/tasks/book/chapter.ts";
import { type BenchState, FIRST, fromHash, toHash } from "../../lib/tasks/book/live/bench/link.ts";
import { packetsIn } from "../../lib/workload/packet_file.ts";
import { workloadFile } from "../../lib/workload/workload_file.ts";
import { mutate } from "./mutate.ts";
import { mutateJson } from "./mutate_json.ts";
import { isRefusal } from "./refusals.ts";

const LIMITS = { steps: 300, insnsPerStep: 20_000 };
/** Workloads that ask for more are right and long: they are read, not run. */
const MOST_CPUS = 4, MOST_INVOCATIONS = 20;

/** A kind of file: whole ones to damage, and what is done with one. */
export interface DocumentKind {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** @throws Error for what is not this kind of file; anything else that it throws is a fault of the project */
  readonly use: (bytes: Uint8Array) => Promise<void>;
}

export type DocumentFate = "refused" | "taken";

/** Whether the text of a kind is JSON, so that it can be damaged inside. */
function asJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The bytes of a case. */
export function damagedDocument({ seeds }: DocumentKind, random: SeededRandom): Uint8Array {
  const pick = () => seeds[random.below(seeds.length)], seed = pick(), value = asJson(seed);
  if (value === undefined || random.below(3) === 0) return mutate(seed, pick(), random, 1);
  return new TextEncoder().encode(JSON.stringify(mutateJson(value, random)));
}

/** @throws Error when anything but a refusal or a proper use comes of it */
export async function useDocument({ use }: DocumentKind, bytes: Uint8Array): Promise<DocumentFate> {
  try {
    await use(bytes);
    return "taken";
  } catch (error) {
    if (isRefusal(error)) return "refused";
    throw error;
  }
}

const file = (...path: string[]): Uint8Array => new Uint8Array(readFileSync(join(projectFolder!, ...path)));
const filesIn = (ending: string, ...path: string[]): Uint8Array[] =>
  readdirSync(join(projectFolder!, ...path)).filter((name) => name.endsWith(ending)).sort()
    .map((name) => file(...path, name));
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytesOf = (words: string): Uint8Array => new TextEncoder().encode(words);

/** All kinds, with their seeds read and made. */
export async function documentKinds(): Promise<DocumentKind[]> {
  const object = (name: string) => {
    const [found] = readdirSync(join(projectFolder!, "notebooks", "progs", "objects")).filter((one) =>
      one.startsWith(`${name}.`) || one.startsWith(`${name}_`)
    );
    return loadObject(file("notebooks", "progs", "objects", found), name);
  };
  const race = object("race");
  return [
    litmusKind(),
    notebookKind(),
    profileKind(race),
    await sweepKind(race),
    await searchKind(race),
    await linkKind(),
    workloadKind(race),
    packetKind(),
    await witnessKind(race),
  ];
}

function litmusKind(): DocumentKind {
  const bounds = { seconds: 2, states: 20_000 };
  return {
    name: "litmus file",
    seeds: filesIn(".litmus", "tests", "search", "data", "litmus"),
    use: async (bytes) => void await litmus(text(bytes), { bounds, explain: false }),
  };
}

function notebookKind(): DocumentKind {
  // Without pictures: damage would seldom meet anything else.
  const small = filesIn(".ipynb", "notebooks").map((bytes) => {
    const notebook = parseNotebook(text(bytes), "seed.ipynb");
    return bytesOf(formatNotebook({
      ...notebook,
      cells: notebook.cells.slice(0, 8).map((cell) => cell.cell_type === "code" ? { ...cell, outputs: [] } : cell),
    }));
  });
  return {
    name: "notebook",
    seeds: small,
    use: (bytes) => {
      const notebook = parseNotebook(text(bytes), "damaged.ipynb");
      toPage(notebook);
      parseNotebook(formatNotebook(notebook), "again.ipynb");
      return Promise.resolve();
    },
  };
}

function profileKind(race: BpfObject): DocumentKind {
  return {
    name: "profile",
    seeds: PROFILES.map((name) => bytesOf(JSON.stringify(profileNamed(name)))),
    use: async (bytes) => {
      const profile = checkProfile(asJson(bytes) as Profile);
      await simulate(race, { programs: [race.programs[0].name], cpus: 2, invocations: 5, limits: LIMITS, profile });
    },
  };
}

/** A shard that is taken merges to what it merged to before it was damaged: another result in silence is the worst. */
function sameAs(whole: string, found: unknown): void {
  const now = toJson(found);
  if (now !== whole) throw new TypeError(`a damaged shard was taken, with another result: ${now}`);
}

async function sweepKind(race: BpfObject): Promise<DocumentKind> {
  const options = { programs: [race.programs[0].name], cpus: [1, 2], invocations: [3], seeds: [1, 4] as const };
  const of = (index: number) => sweep(race, { ...options, shard: { index, count: 2 } });
  const first = await of(1), second = await of(2), whole = toJson(mergeSweeps([first, second]));
  return {
    name: "shard of a sweep",
    seeds: [bytesOf(sealSweep(first))],
    use: (bytes) => {
      const read: Sweep = openSweep(text(bytes), "damaged.json");
      sameAs(whole, mergeSweeps([read, second]));
      return Promise.resolve();
    },
  };
}

async function searchKind(race: BpfObject): Promise<DocumentKind> {
  const options = { programs: [race.programs[0].name], cpus: 2, invocations: 1 };
  const of = (index: number) => exploreShard(race, options, { index, count: 2 });
  const first = await of(1), second = await of(2);
  const merged = async (one: ExploredShard) => {
    const { outcomes, observation, states } = await mergeExplored(race, options, [one, second]);
    return { outcomes, observation, states };
  };
  const whole = toJson(await merged(first));
  return {
    name: "shard of a search",
    seeds: [bytesOf(sealSearch(first))],
    use: async (bytes) => sameAs(whole, await merged(openSearch(text(bytes), "damaged.json"))),
  };
}

async function linkKind(): Promise<DocumentKind> {
  const source = 'int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }';
  const examples = [{ name: "race", title: "a race", group: "01", source }];
  const states: BenchState[] = [
    { ...FIRST, source },
    { ...FIRST, source: `${source}\n`, cpus: 3, seed: 7, view: "explore", workload: '{ "cpus": 2 }' },
    { ...FIRST, source: "", view: "replay", schedule: "0 1*2 0", object: bytesOf("no object at all") },
  ];
  return {
    name: "permalink",
    seeds: await Promise.all(states.map(async (state) => bytesOf(await toHash(state, examples)))),
    use: async (bytes) => {
      const { state } = await fromHash(text(bytes), examples);
      await fromHash(await toHash(state, examples), examples);
    },
  };
}

function workloadKind(race: BpfObject): DocumentKind {
  const prog = race.programs[0].name;
  const whole = [
    { cpus: 2, invocations: 3, programs: [prog], limits: LIMITS },
    { cpus: 2, programs: [{ prog, cpus: [0, 1], invocations: 2, ctx: "00ff00ff" }], seed: 3 },
    { cpus: 1, programs: [prog], interrupts: [{ prog, cpu: 0 }] },
    { cpus: 2, programs: [prog], user: [{ name: "reader", calls: [["read", "counter"], ["read", "counter"]] }] },
  ];
  return {
    name: "workload file",
    seeds: whole.map((workload) => bytesOf(JSON.stringify(workload))),
    use: async (bytes) => {
      const path = join(tmpdir(), `interleave-fuzz-${globalThis.crypto.randomUUID()}.json`);
      writeFileSync(path, bytes);
      try {
        const workload = await workloadFile(path);
        const { cpus = 1, invocations = 1, programs = [] } = workload;
        const counts = [invocations, ...programs.map((run) => typeof run === "string" ? 1 : run.invocations ?? 1)];
        const isLong = cpus > MOST_CPUS || counts.some((n) => n > MOST_INVOCATIONS);
        if (!isLong) await simulate(race, { ...workload, limits: LIMITS });
      } finally {
        rmSync(path);
      }
    },
  };
}

function packetKind(): DocumentKind {
  const header = (packets: readonly Uint8Array[]): Uint8Array => {
    const size = packets.reduce((sum, { length }) => sum + 16 + length, 24), bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1].forEach((word, i) => view.setUint32(4 * i, word, true));
    let at = 24;
    for (const packet of packets) {
      [0, 0, packet.length, packet.length].forEach((word, i) => view.setUint32(at + 4 * i, word, true));
      bytes.set(packet, at + 16);
      at += 16 + packet.length;
    }
    return bytes;
  };
  const frame = Uint8Array.from({ length: 64 }, (_, i) => i);
  return {
    name: "packets",
    seeds: [header([frame]), header([frame, frame.subarray(0, 14)]), bytesOf("00 11 22 33\nffee\n"), frame],
    use: (bytes) => {
      for (const packet of packetsIn(bytes, "damaged.pcap")) if (!(packet instanceof Uint8Array)) throw new TypeError();
      return Promise.resolve();
    },
  };
}

async function witnessKind(race: BpfObject): Promise<DocumentKind> {
  const { confirmed } = await findRaces(race, { bounds: { seconds: 20 } });
  return {
    name: "witness",
    seeds: confirmed.slice(0, 3).map((finding) => bytesOf(toJson(witnessFile(finding, "race.o")))),
    use: async (bytes) => {
      try {
        const { witness } = readWitness(text(bytes)), { cpus, invocations } = witness.workload;
        if (cpus <= MOST_CPUS && invocations <= MOST_INVOCATIONS) await replayWitness(race, witness);
      } catch (error) {
        // The command puts the file's name before these words.
        if (error instanceof SyntaxError && /^(is|has|schedule:) /.test(error.message)) {
          throw new RangeError(error.message);
        }
        throw error;
      }
    },
  };
}
