/**
 * The workers of a search: they join in where the main thread stands, share its table of states, and hand their findings
 * back. The main thread goes on searching, and looks up now and then: it hears of the stop button, and shows how far all are.
 */
import { BackendError } from "../host/backend_error.ts";
import { Crew } from "../host/crew.ts";
import { hasWorkers } from "../host/workers.ts";
import type { NotedAccesses } from "../machine/accesses.ts";
import type { Machine } from "../machine/machine.ts";
import type { HashLayouts } from "../maps/hash_layouts.ts";
import type { Plan } from "../workload/plan.ts";
import type { Limits, SearchOptions } from "./all_schedules.ts";
import { marksOf } from "./coverage.ts";
import type { DisjointData } from "./disjoint_data.ts";
import { firstState, type SearchKind } from "./one_search.ts";
import type { MachineReply, MachineRequest, Ran, RunRequest, WorkerReport, WorkerRequest } from "./search_worker.ts";
import { canShareMemory, type StateTable, type TableBuffers, tableBuffers } from "./state_table.ts";
import { Unsuitable } from "./transition_cache.ts";
import { PUBLISH_EVERY, type Share, type Shareable, sharingBuffers, STOPPED, WorkSharing } from "./work_sharing.ts";
import { t } from "../words/translation.ts";

/** Slots of the first table that is shared, as a power of two; and slots for each state in it, at least. */
const FIRST_SLOT_BITS = 20, ROOM = 3;
/** How long the main thread works until it hears of the stop button, and shows how far it is. */
const SLICE_MS = 100;
/** The main thread among those that share work; those of the crew follow. */
const MAIN = 0;
/** Schedules that are longer are not handed on. */
const LONGEST_SHARE = 2 ** 20;

/** What a team has found, and how far it came. */
export interface TeamResult {
  readonly reports: readonly WorkerReport[];
  readonly states: number;
  readonly transitions: number;
  readonly bytes: number;
  /** The bound that was hit. */
  readonly bound: string | undefined;
}

/** A team that could not do it: its work is worth nothing. */
export class TeamFailed extends Error {
  override name = "TeamFailed";
  /** @param unsuitable a step could not be kept (transition_cache.ts): all have to let the machine take every step */
  constructor(readonly unsuitable: boolean) {
    super("the workers of a search gave up");
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Functions cannot be sent to workers: user space's bodies, the reader's own models. What `prepare` did is in memory. */
function sendable({ plan, options }: Machine): Plan | undefined {
  if (Object.keys(options.models ?? {}).length > 0 || plan.tasks.some(({ body }) => body)) return undefined;
  const data = Object.entries(plan.workload).filter(([name, value]) =>
    typeof value !== "function" && name !== "models"
  );
  return { ...plan, workload: Object.fromEntries(data) };
}

/** The main thread's own search. */
interface LedSearch extends Shareable {
  readonly visited: StateTable;
  readonly transitions: number;
  readonly bytes: number;
  run(until: number, look: () => boolean): void;
}

export class Team implements Disposable {
  /** Whether all have made their machines; undefined before. */
  ready: boolean | undefined;
  readonly #crew: Crew<WorkerRequest, unknown>;

  private constructor(size: number, request: MachineRequest, state: string) {
    this.#crew = new Crew(new URL("./search_worker.ts", import.meta.url), size);
    this.#all<MachineReply>(() => request).then(
      (replies) => this.ready = replies.every((reply) => reply.state === state),
      () => this.ready = false,
    );
  }

  /**
   * Starts workers; they are {@link ready} some time later.
   *
   * @param make a machine like the one that is searched
   * @param size threads that are to search, the main thread counted
   * @returns undefined where no worker can do this search
   */
  static start(make: () => Machine, size: number): Team | undefined {
    if (size < 2 || !hasWorkers || !canShareMemory) return undefined;
    const machine = make(), plan = sendable(machine), { memory, options } = machine;
    if (!plan) return undefined;
    const request: MachineRequest = {
      kind: "machine",
      plan,
      hashSeed: options.hashSeed,
      usersOnlyLoad: options.usersOnlyLoad,
      memory: memory.bytes.slice(memory.layout.cpus, memory.heapEnd),
      heapEnd: memory.heapEnd,
    };
    try {
      return new Team(size - 1, request, firstState(machine));
    } catch {
      return undefined;
    }
  }

  get size(): number {
    return this.#crew.size;
  }

  /**
   * Goes on with a search of the main thread, to its end or to a bound: this thread works like the others.
   *
   * @param search that of the main thread
   * @param parts what it has not begun
   * @throws TeamFailed where the search has to be done otherwise; Stopped when the reader stops it
   */
  async search(
    kind: SearchKind,
    search: LedSearch,
    parts: Share[],
    data: DisjointData | undefined,
    limits: Limits,
    onProgress: SearchOptions["onProgress"],
    began: number,
  ): Promise<TeamResult> {
    const table = search.visited;
    table.reserve(Math.max(FIRST_SLOT_BITS, Math.ceil(Math.log2(ROOM * table.size))));
    const sharingOf = sharingBuffers(this.size + 1, Math.min(limits.maxDepth, LONGEST_SHARE));
    const sharing = new WorkSharing(sharingOf), buffers = table.share();
    let request = (worker: number): WorkerRequest => ({
      kind: "begin",
      worker,
      search: kind,
      maxDepth: limits.maxDepth,
      maxStates: limits.maxStates,
      owners: data?.useful ? data.owners : undefined,
      table: buffers,
      sharing: sharingOf,
    });
    let bound: string | undefined, failed: unknown, larger: TableBuffers | undefined;
    const look = async () => {
      if (performance.now() > limits.until) {
        bound ??= t`${limits.seconds} seconds`;
        sharing.stop(STOPPED.byMain);
      }
      const seconds = (performance.now() - began) / 1000;
      await onProgress?.({ states: sharing.states, share: 1 - sharing.ahead, seconds });
      await pause();
    };
    for (;;) {
      const ran = this.#work(() => this.#all<Ran>(request));
      ran.catch((error) => {
        failed = error;
        sharing.stop(STOPPED.failed);
      });
      if (larger) {
        table.adopt(larger, MAIN, sharing.workers);
        sharing.arrive();
        while (!sharing.met) await pause();
      }
      await lead(search, parts, sharing, limits, look);
      if (failed !== undefined) throw failed;
      const replies = await ran;
      if (replies.includes("unsuitable") || replies.includes("failed")) {
        throw new TeamFailed(replies.includes("unsuitable"));
      }
      if (replies.includes("done") || sharing.stopped !== STOPPED.no) break;
      if (2 * table.bytes > limits.memoryBytes) {
        bound = t`${limits.memoryBytes} bytes of memory`;
        break;
      }
      larger = tableBuffers(table.labelled, table.slotBits + 1);
      const run: RunRequest = { kind: "run", larger };
      request = () => run;
      sharing.goOn();
    }
    if (sharing.stopped === STOPPED.states) bound = t`${limits.maxStates.toLocaleString("en")} states`;
    const reports = await this.#work(() => this.#all<WorkerReport>(() => ({ kind: "report" })));
    const sum = (of: (report: WorkerReport) => number) => reports.reduce((all, report) => all + of(report), 0);
    return {
      reports,
      states: Math.min(limits.maxStates, table.size + sum(({ states }) => states)),
      transitions: search.transitions + sum(({ transitions }) => transitions),
      bytes: search.bytes + sum(({ bytes }) => bytes),
      bound,
    };
  }

  /** Ends the workers, whatever they do. */
  close(): void {
    this.#crew.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #all<Reply>(request: (worker: number) => WorkerRequest): Promise<Reply[]> {
    const crew = Array.from({ length: this.size }, (_, index) => index);
    return Promise.all(crew.map((index) => this.#crew.ask(index, request(index + 1)) as Promise<Reply>));
  }

  /** A worker that ends or cannot be asked makes the team fail; the stop button does not. */
  async #work<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof BackendError ? new TeamFailed(false) : error;
    }
  }
}

/** Takes over what another machine of the plan ran, and what its tasks touched. */
export function mergeMarks(machine: Machine, marks: Uint8Array, accesses: NotedAccesses): void {
  const mine = marksOf(machine);
  marks.forEach((mark, at) => mine[at] |= mark);
  machine.accesses?.add(accesses);
}

/** Takes over what workers noted beside the states. */
export function mergeReports(
  reports: readonly WorkerReport[],
  machine: Machine,
  data: DisjointData | undefined,
  layouts: HashLayouts | undefined,
): void {
  for (const report of reports) {
    mergeMarks(machine, report.marks, report.accesses);
    layouts?.merge(report.layouts);
    if (report.owners) data?.merge(report.owners);
  }
}

/**
 * The main thread's part of a search: like that of a worker (search_worker.ts), in slices, as it must not wait.
 *
 * @param look lets the event loop run, and ends the search where its time is up
 */
async function lead(
  search: LedSearch,
  parts: Share[],
  sharing: WorkSharing,
  { maxStates }: Limits,
  look: () => Promise<void>,
): Promise<void> {
  const table = search.visited, publish = () => sharing.publish(MAIN, table.size, search.transitions, search.ahead);
  const left = { split: () => parts.pop() ?? search.split() };
  let looks = 0, looked = 0;
  const lookAround = () => {
    if ((looks++ & PUBLISH_EVERY - 1) === 0) publish();
    sharing.lookAround(maxStates, table.limit);
    sharing.feed(left);
    return sharing.over;
  };
  for (;;) {
    const until = performance.now() + SLICE_MS;
    try {
      while (!lookAround() && performance.now() < until) {
        if (!search.finished) search.run(until, lookAround);
        else {
          const share = parts.shift() ?? sharing.take(MAIN);
          if (!share) break;
          search.resume(share);
        }
      }
    } catch (error) {
      sharing.stop(STOPPED.failed);
      throw new TeamFailed(error instanceof Unsuitable);
    }
    publish();
    if (sharing.over) return;
    if (performance.now() - looked >= SLICE_MS) {
      looked = performance.now();
      await look();
    } else await pause();
  }
}
