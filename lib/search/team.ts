/**
 * The workers of a search: they begin where the main thread stands, share one table of states, and hand their findings
 * back. The main thread only looks after them, so that it hears of the stop button and shows how far they are.
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
import type {
  BeginRequest,
  MachineReply,
  MachineRequest,
  Ran,
  RunRequest,
  WorkerReport,
  WorkerRequest,
} from "./search_worker.ts";
import { SEGMENTS, StateTable, type TableBuffers, tableBuffers } from "./state_table.ts";
import type { StateSet } from "./visited.ts";
import { type Share, type Shareable, sharingBuffers, STOPPED, WorkSharing } from "./work_sharing.ts";

/** Slots of each segment of the first table, as a power of two. */
const FIRST_SLOT_BITS = 14;
/** Below so many bytes a table is made four times as large, not twice: filling a new one takes time. */
const SMALL_BYTES = 2 ** 27;
const TICK_MS = 100;
/** Schedules that are longer are not handed on. */
const LONGEST_SHARE = 2 ** 20;

/** What a team has found, and how far it came. */
export interface TeamResult {
  readonly reports: readonly WorkerReport[];
  readonly table: StateTable;
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

/** Functions cannot be sent to workers: user space's bodies, the reader's own models. What `prepare` did is in memory. */
function sendable({ plan, options }: Machine): Plan | undefined {
  if (Object.keys(options.models ?? {}).length > 0 || plan.tasks.some(({ body }) => body)) return undefined;
  const data = Object.entries(plan.workload).filter(([name, value]) =>
    typeof value !== "function" && name !== "models"
  );
  return { ...plan, workload: Object.fromEntries(data) };
}

/** Whether this computer can share memory between threads. */
const canShare = (): boolean =>
  hasWorkers && typeof SharedArrayBuffer !== "undefined" && typeof Atomics !== "undefined";

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
   * @returns undefined where no worker can do this search
   */
  static start(make: () => Machine, size: number): Team | undefined {
    if (size < 2 || !canShare()) return undefined;
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
      return new Team(size, request, firstState(machine));
    } catch {
      return undefined;
    }
  }

  get size(): number {
    return this.#crew.size;
  }

  /**
   * Takes a search over from the main thread, to its end or to a bound.
   *
   * @param search that of the main thread: all that is left of it is given away
   * @param parts what it has not begun
   * @throws TeamFailed where the search has to be done otherwise; Stopped when the reader stops it
   */
  async search(
    kind: SearchKind,
    search: Shareable & { readonly visited: StateSet },
    parts: readonly Share[],
    data: DisjointData | undefined,
    limits: Limits,
    onProgress: SearchOptions["onProgress"],
    began: number,
  ): Promise<TeamResult> {
    const { size } = this, { visited } = search, before = visited.size;
    const buffers = sharedCopy(visited, !kind.plain), table = new StateTable(buffers, false);
    const sharingOf = sharingBuffers(size, Math.min(limits.maxDepth, LONGEST_SHARE)),
      sharing = new WorkSharing(sharingOf);
    const shares = [...parts];
    for (let share = search.split(); share; share = search.split()) shares.push(share);
    const begin = (worker: number): BeginRequest => ({
      kind: "begin",
      worker,
      search: kind,
      maxDepth: limits.maxDepth,
      maxStates: limits.maxStates,
      statesBefore: before,
      owners: data?.useful ? data.owners : undefined,
      table: buffers,
      sharing: sharingOf,
      shares: shares.filter((_, i) => i % size === worker).reverse(),
    });
    let bound: string | undefined, larger: TableBuffers | undefined;
    const look = async () => {
      if (performance.now() > limits.until) {
        bound ??= `${limits.seconds} seconds`;
        sharing.stop(STOPPED.byMain);
      }
      const seconds = (performance.now() - began) / 1000;
      await onProgress?.({ states: before + sharing.states, share: 1 - sharing.ahead, seconds });
    };
    await this.#work(() => this.#all(begin));
    for (;;) {
      const request: RunRequest = { kind: "run", larger }, ran = this.#work(() => this.#all<Ran>(() => request));
      const replies = await ticking(ran, look, limits.until);
      if (replies.includes("unsuitable") || replies.includes("failed")) {
        throw new TeamFailed(replies.includes("unsuitable"));
      }
      if (replies.includes("done") || sharing.stopped !== STOPPED.no) break;
      const slotBits = table.slotBits + (table.bytes < SMALL_BYTES ? 2 : 1);
      if (table.bytes * 2 ** (slotBits - table.slotBits) > limits.memoryBytes) {
        bound = `${limits.memoryBytes} bytes of memory`;
        break;
      }
      larger = tableBuffers(table.labelled, slotBits, true);
      table.adopt(larger);
      sharing.goOn();
    }
    if (sharing.stopped === STOPPED.states) bound = `${limits.maxStates.toLocaleString("en")} states`;
    const reports = await this.#work(() => this.#all<WorkerReport>(() => ({ kind: "report" })));
    const sum = (of: (report: WorkerReport) => number) => reports.reduce((all, report) => all + of(report), 0);
    return {
      reports,
      table,
      states: Math.min(limits.maxStates, before + sum(({ states }) => states)),
      transitions: sum(({ transitions }) => transitions),
      bytes: table.bytes + sum(({ bytes }) => bytes),
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
    const workers = Array.from({ length: this.size }, (_, worker) => worker);
    return Promise.all(workers.map((worker) => this.#crew.ask(worker, request(worker)) as Promise<Reply>));
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

/** A table that threads share, with the states of another set in it and room for many more. */
function sharedCopy(visited: StateSet, labelled: boolean): TableBuffers {
  let bits = FIRST_SLOT_BITS;
  while (SEGMENTS * 2 ** bits < 8 * visited.size) bits++;
  const buffers = tableBuffers(labelled, bits, true), table = new StateTable(buffers, false);
  if (visited instanceof StateTable) table.takeOver(visited.buffers, visited.buffers.segments.keys());
  else visited.forEach((a, b) => table.add(a, b));
  return buffers;
}

/** Waits for work, and looks after it several times a second. */
async function ticking<T>(work: Promise<T>, look: () => Promise<void>, until: number): Promise<T> {
  let settled = false;
  const over = work.finally(() => settled = true);
  over.catch(() => {});
  while (!settled) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const left = until - performance.now(), wait = left > 0 ? Math.min(TICK_MS, left + 1) : TICK_MS;
    const tick = new Promise<void>((resolve) => timer = setTimeout(resolve, wait));
    await Promise.race([over, tick]);
    clearTimeout(timer);
    if (!settled) await look();
  }
  return await over;
}
