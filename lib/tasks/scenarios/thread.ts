/** One of the two threads that run a scenario on the kernel: pinned, and in step with the other one between runs. */
import { KernelMaps, type NamedMap } from "../../backends/linux/kernel_maps.ts";
import type { LoadedMap } from "../../backends/linux/kernel_object.ts";
import { libc } from "../../backends/linux/libbpf.ts";
import { LinuxUser } from "../../backends/linux/linux_user.ts";
import { copiedValueBytes, deleteElem, isPerCpu, lookupElem, updateElem } from "../../backends/linux/map_calls.ts";
import { joinValue, splitValue } from "../../backends/linux/map_contents.ts";
import { PreparedTestRun } from "../../backends/linux/test_run.ts";
import { pinTo, undisturbed } from "../../backends/thread_control.ts";
import { serve } from "../../host/crew.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import { SeededRandom } from "../../schedulers/random_numbers.ts";
import { describeReturned } from "../../search/outcome.ts";
import { makeCalls } from "./actor.ts";
import { type MapName, MAPS, mapsOf, type Scenario } from "./draw.ts";
import { GLOBALS, globalsOf, lineOf, nameOf, textOfGlobals } from "./predict.ts";
import { DELAYS, type Globals } from "./program.ts";
import { Rendezvous } from "./rendezvous.ts";

/** What a thread is given once. */
export interface SetUp {
  readonly kind: "set up";
  readonly role: 0 | 1;
  /** This computer's numbers of the two CPUs, and how many values a per-CPU value has. */
  readonly cpus: readonly [number, number];
  readonly possibleCpus: number;
  readonly object: Pick<BpfObject, "maps" | "btf" | "programs">;
  readonly loaded: readonly LoadedMap[];
  readonly delaysFd: number;
  readonly rendezvous: SharedArrayBuffer;
}

/** A scenario to be run so many times. */
export interface RunRequest {
  readonly kind: "run";
  readonly scenario: Scenario;
  readonly runs: number;
  readonly type: number;
  /** One for all runs, or one for each of them. */
  readonly copies: readonly Copy[];
  /** Of the delays. */
  readonly seed: number;
}

/** What runs use: maps in place of those that are loaded once, and file descriptors of the roles' programs. */
export interface Copy {
  readonly maps: readonly LoadedMap[];
  readonly programs: readonly (number | undefined)[];
}

/** How often each outcome was seen; the second thread has none. */
export interface Seen {
  readonly outcomes: readonly (readonly [text: string, times: number])[];
}

/** Longest delays of a run, in turns of a loop: inside programs, before a thread begins. */
const INSIDE = [0, 0, 16, 64, 256, 1024, 4096], BEFORE = [1, 64, 512, 2048, 8192];

class Thread {
  readonly #maps: KernelMaps;
  readonly #delays: Uint32Array;
  readonly #globals: Globals;
  readonly #rendezvous: Rendezvous;
  readonly #section: Uint8Array;

  constructor(readonly given: SetUp) {
    if (!pinTo(given.cpus[given.role])) throw new Error(`this process may not run on CPU ${given.cpus[given.role]}`);
    const object = given.object as BpfObject;
    this.#maps = new KernelMaps(given.loaded, object);
    this.#globals = globalsOf(object);
    this.#rendezvous = new Rendezvous(given.rendezvous);
    const section = this.#maps.mapped(this.#maps.find(GLOBALS));
    this.#section = new Uint8Array(section.buffer);
    const bytes = 2 * 4 * DELAYS, memory = libc().mmap(null, BigInt(bytes), 3, 1, given.delaysFd, 0n);
    this.#delays = new Uint32Array(Deno.UnsafePointerView.getArrayBuffer(memory!, bytes));
  }

  run({ scenario, runs, type, copies, seed }: RunRequest): Seen {
    const { role } = this.given, random = new SeededRandom(seed), seen = new Map<string, number>();
    const meeting = this.#rendezvous, isFresh = copies[0].maps.length > 0;
    const performers = copies.map(({ maps, programs }) => {
      const used = isFresh ? this.#mapsWith(maps) : this.#maps;
      return { used, perform: this.#performer(scenario, type, programs, used) };
    });
    for (let run = 0; run < runs; run++) {
      const { used, perform } = performers[isFresh ? run : 0];
      if (role === 0) this.#drawDelays(random);
      // In turns, so that freed elements go back to the free lists of both CPUs; what is fresh is filled as in a search.
      if ((isFresh ? 0 : run % 2) === role) this.#reset(scenario, used);
      meeting.meet();
      idle(meeting.start(role));
      const returned = perform();
      if (role === 1) meeting.give(returned ?? "");
      meeting.meet();
      if (role === 0) {
        const texts = [this.#outcome(scenario, used), returned, meeting.take()].filter(Boolean),
          text = texts.join("\n");
        seen.set(text, (seen.get(text) ?? 0) + 1);
      }
      meeting.meet();
    }
    if (isFresh) { for (const { used } of performers) used.close(); }
    return { outcomes: [...seen] };
  }

  /** The maps that are loaded once, with some others in place of those of the same names. */
  #mapsWith(fresh: readonly LoadedMap[]): KernelMaps {
    const { loaded, object } = this.given, of = (map: LoadedMap) => fresh.find(({ name }) => name === map.name) ?? map;
    return new KernelMaps(loaded.map(of), object as BpfObject);
  }

  /** What this thread does in each run; gives what an actor returned, as text. */
  #performer(
    { roles }: Scenario,
    type: number,
    programs: readonly (number | undefined)[],
    maps: KernelMaps,
  ): () => string | undefined {
    const { role, cpus, possibleCpus, object } = this.given, own = roles[role], fd = programs[role];
    const onCpu = own.kind === "interrupt" ? cpus[1 - role] : undefined;
    const prepared = fd === undefined ? undefined : new PreparedTestRun({ fd, type, onCpu });
    const call = () => {
      const failed = prepared!.call();
      if (failed < 0) throw new Error(`BPF_PROG_RUN failed: ${failed}`);
      return prepared!.returned;
    };
    if (own.kind !== "actor") {
      return () => {
        for (let i = 0; i < own.invocations; i++) call();
        return undefined;
      };
    }
    const user = new LinuxUser(maps, object as BpfObject, call);
    const before = (index: number) => idle(this.#delays[role * DELAYS + DELAYS - 1 - index]);
    return () => {
      const body = makeCalls(user, own.calls, { prog: nameOf(role), cpus: possibleCpus, before });
      for (;;) {
        const { done, value } = body.next(0n);
        if (done) return `u${role} ${describeReturned(value)}`;
      }
    };
  }

  #drawDelays(random: SeededRandom): void {
    const pick = (list: readonly number[]) => list[random.below(list.length)];
    for (const role of [0, 1]) {
      const longest = pick(INSIDE);
      for (let i = 0; i < DELAYS; i++) {
        this.#delays[role * DELAYS + i] = random.below(2) ? random.below(longest + 1) : 0;
      }
      this.#rendezvous.setStart(role, random.below(pick(BEFORE)));
    }
  }

  #reset(scenario: Scenario, maps: KernelMaps): void {
    this.#section.fill(0);
    for (const name of mapsOf(scenario)) {
      const map = maps.find(name);
      for (const key of MAPS[name].keys) {
        if (MAPS[name].hash) deleteElem(map, keyBytes(key));
        else updateElem(map, keyBytes(key), new Uint8Array(copiedValueBytes(map)));
      }
    }
    for (const { map: name, key, value } of scenario.initial) {
      const map = maps.find(name), failed = updateElem(map, keyBytes(key), this.#value(map, name, value));
      if (failed < 0) throw new Error(`${name}[${key}] cannot be reset: ${failed}`);
    }
  }

  #value(map: NamedMap, name: MapName, value: number): Uint8Array {
    const numbers = MAPS[name].locked ? [0, value, value] : [value, value];
    const one = new Uint8Array(new BigUint64Array(numbers.map(BigInt)).buffer);
    return isPerCpu(map.type) ? joinValue(map, Array.from({ length: this.given.possibleCpus }, () => one)) : one;
  }

  #outcome(scenario: Scenario, maps: KernelMaps): string {
    const lines = mapsOf(scenario).map((name) => {
      const map = maps.find(name);
      return lineOf(name, (key) => {
        const found = lookupElem(map, keyBytes(key));
        return typeof found === "number" ? undefined : splitValue(map, found);
      });
    });
    return [...lines, textOfGlobals(this.#section, this.#globals)].join("\n");
  }
}

const keyBytes = (key: number): Uint8Array => new Uint8Array(new Uint32Array([key]).buffer);

let sink = 0;

/** An empty loop. */
function idle(turns: number): void {
  for (let i = 0; i < turns; i++) sink = (sink + i) | 0;
}

let thread: Thread | undefined;

serve(async (request: SetUp | RunRequest): Promise<Seen> => {
  if (request.kind === "set up") {
    thread = new Thread(request);
    return { outcomes: [] };
  }
  return await Promise.resolve(undisturbed(() => thread!.run(request)));
});
