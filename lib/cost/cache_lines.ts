/**
 * Cache lines: each has one owner, or several readers, and is served in turn.
 *
 * A CPU that does not have a line asks for it. The request takes its way to the owner ({@link Profile.requestShare} of
 * the transfer); the owner keeps a line that has just arrived for a while, and through an atomic operation; then it
 * gives it up, and the line takes the rest of the transfer to the one that asked. Who comes in between waits in turn.
 */
import { CACHE_LINE_BYTES } from "../cpu/layout.ts";
import type { SeededRandom } from "../schedulers/random_numbers.ts";
import { LineQueue } from "./line_queue.ts";
import type { Profile } from "./profile.ts";
import { TimeHeap } from "./time_heap.ts";
import { Places } from "./topology.ts";

const NO_CPU = -1;
/** A line that arrives is used once before it leaves again: otherwise no core would ever get anywhere. */
const LEAST_HOLD_NS = 0.01;

export class Line {
  /** The CPU that may write it; -1 while no CPU has touched it. */
  owner = NO_CPU;
  /** When it arrived at the owner. */
  from = 0;
  /** Until when the owner keeps it because it has just arrived, and because an operation uses it. */
  heldUntil = 0;
  usedUntil = 0;
  /** Whether the owner has been asked for it and has put off the answer, to write the stores that wait. */
  draining = false;
  /** Whether the owner has written it. */
  dirty = false;
  /** CPUs that may only read it, the owner among them; undefined while the owner may write. */
  readers: number[] | undefined;
  /** How far apart the owner and its readers are: whoever is to write again has to wait for the farthest to let go. */
  span = 0;
  queue: LineQueue | undefined;
  /** When the first in the queue is served; Infinity when no core waits. */
  servedAt = Infinity;
  /** CPUs that watch it, waiting for a value. */
  watchers: number[] | undefined;

  heapPlace = -1;

  constructor(readonly index: number) {}

  mayWrite(cpu: number, time: number): boolean {
    return this.owner === cpu && this.from <= time && this.readers === undefined;
  }

  mayRead(cpu: number, time: number): boolean {
    if (this.owner === cpu) return this.from <= time;
    return this.readers !== undefined && this.readers.includes(cpu);
  }
}

/** Who is told when lines come and go. */
export interface LineUser {
  /** A CPU that asked for a line has it from a time on. */
  granted(cpu: number, line: Line, from: number): void;
  /** Until when an owner that is asked for a line writes the stores to it that stand first in its store buffer. */
  drainsUntil(cpu: number, line: Line, time: number): number;
  /** A CPU no longer has a line. */
  lost(cpu: number, line: Line, time: number): void;
}

export class CacheLines {
  /** Lines that have moved from one CPU to another. */
  transfers = 0;
  readonly places: Places;
  readonly #lines: (Line | undefined)[];
  readonly #served = new TimeHeap<Line>();
  /** Request and return leg of a transfer by distance. */
  readonly #request: Float64Array;
  readonly #return: Float64Array;
  /** Arrival times of the last lines of each CPU, as many as it has fill buffers. */
  readonly #arrivals: Float64Array[];
  readonly #arrived: Int32Array;
  readonly #lastArrival: Float64Array;

  constructor(
    readonly profile: Profile,
    nrCpus: number,
    memoryBytes: number,
    readonly user: LineUser,
    readonly random: SeededRandom,
  ) {
    const { sameCore, sameGroup, otherGroup, otherSocket } = profile.transferNs, share = profile.requestShare;
    const transfers = [0, sameCore, sameGroup, otherGroup, otherSocket];
    this.#request = Float64Array.from(transfers, (t) => t * share);
    this.#return = Float64Array.from(transfers, (t) => t * (1 - share));
    this.places = new Places(profile.topology, nrCpus);
    this.#lines = new Array<Line | undefined>(Math.ceil(memoryBytes / CACHE_LINE_BYTES)).fill(undefined);
    this.#arrivals = Array.from({ length: nrCpus }, () => new Float64Array(profile.lineFillBuffers).fill(-Infinity));
    this.#arrived = new Int32Array(nrCpus);
    this.#lastArrival = new Float64Array(nrCpus).fill(-Infinity);
  }

  /** The line of an address. */
  at(addr: number): Line {
    const index = addr >>> 6;
    return this.#lines[index] ??= new Line(index);
  }

  /** When the next line is given up; Infinity when no core waits. */
  get nextTime(): number {
    return this.#served.first;
  }

  /**
   * Asks for a line on behalf of a CPU; `granted` follows, at once or later.
   *
   * @param time when the core asks; may lie in the past where it asked while older operations waited
   */
  request(cpu: number, line: Line, exclusive: boolean, time: number): void {
    const queue = line.queue;
    if (queue?.has(cpu)) {
      if (exclusive) queue.exclusive[cpu] = 1;
      return;
    }
    if (line.owner === NO_CPU) {
      // No core had it yet: taken to be in this CPU's cache already.
      line.owner = cpu;
      line.from = time;
      this.user.granted(cpu, line, time);
      return;
    }
    if (line.owner === cpu && line.readers === undefined) {
      this.user.granted(cpu, line, Math.max(line.from, time));
      return;
    }
    const oldest = this.#arrivals[cpu][this.#arrived[cpu]];
    (line.queue ??= new LineQueue(this.places, this.profile)).add(
      cpu,
      exclusive,
      Math.max(time, oldest),
      this.#spread(),
      this.profile.overtaking > 0 && this.random.unit() < this.profile.overtaking,
    );
    this.#schedule(line);
  }

  /** Gives up the line whose turn it is. */
  serve(): void {
    const line = this.#served.pop(), queue = line.queue!, owner = line.owner;
    const releasedAt = Math.max(line.servedAt, line.usedUntil);
    if (!line.draining) {
      line.draining = true;
      const until = this.user.drainsUntil(owner, line, releasedAt);
      if (until > releasedAt) {
        line.heldUntil = until;
        this.#schedule(line);
        return;
      }
    }
    const cpu = this.#next(line, releasedAt), part = this.#partOfWay(line, cpu);
    const exclusive = queue.exclusive[cpu] !== 0 ||
      (this.profile.loadTakesOwnership && line.dirty && line.readers === undefined);
    queue.remove(cpu, owner);
    this.transfers++;
    if (exclusive) this.#give(line, cpu, releasedAt, part);
    else this.#share(line, cpu, releasedAt, part);
    this.#schedule(line);
  }

  /** Puts the owner's use of a line on record: it can't be given up before. */
  used(line: Line, until: number): void {
    if (until > line.usedUntil) line.usedUntil = until;
    if (line.servedAt < until && line.servedAt !== Infinity) this.#schedule(line);
  }

  #give(line: Line, cpu: number, time: number, part: number): void {
    const { owner, readers } = line;
    const from = this.#arrive(cpu, part * this.#return[this.#way(line, cpu)], time);
    line.owner = cpu;
    line.span = 0;
    line.from = from;
    line.draining = false;
    const holdNs = this.profile.holdNs * (1 + this.profile.holdJitter * (2 * this.random.unit() - 1));
    line.heldUntil = from + Math.max(holdNs, LEAST_HOLD_NS);
    line.dirty = false;
    line.readers = undefined;
    if (readers) {
      for (const reader of readers) if (reader !== cpu) this.user.lost(reader, line, time);
    } else if (owner !== cpu) this.user.lost(owner, line, time);
    this.user.granted(cpu, line, from);
  }

  #share(line: Line, cpu: number, time: number, part: number): void {
    const owner = line.owner, readers = line.readers ??= [owner];
    line.dirty = false;
    const others = line.queue!.size > 0 ? [...line.queue!.readers()] : [];
    for (const reader of others) line.queue!.remove(reader, owner);
    let at = time;
    for (const reader of [cpu, ...others]) {
      if (!readers.includes(reader)) readers.push(reader);
      const distance = this.places.distance(reader, owner);
      if (distance > line.span) line.span = distance;
      this.user.granted(reader, line, this.#arrive(reader, part * this.#return[distance], at));
      at += this.profile.copyNs;
    }
    if (this.profile.copyNs > 0) this.used(line, at);
  }

  /** How far a line comes to a CPU that is to write it; an owner that only reads waits until its readers have let go. */
  #way(line: Line, cpu: number): number {
    return cpu === line.owner ? line.span : this.places.distance(cpu, line.owner);
  }

  #arrive(cpu: number, wayNs: number, time: number): number {
    const at = Math.max(time + wayNs * this.#spread(), this.#lastArrival[cpu] + this.profile.lineIntervalNs);
    this.#lastArrival[cpu] = at;
    this.#arrivals[cpu][this.#arrived[cpu]] = at;
    this.#arrived[cpu] = (this.#arrived[cpu] + 1) % this.profile.lineFillBuffers;
    return at;
  }

  #arrival(line: Line, cpu: number): number {
    const queue = line.queue!, wayNs = queue.pace[cpu] * this.#request[this.#way(line, cpu)];
    return queue.askedAt[cpu] + this.#partOfWay(line, cpu) * wayNs;
  }

  /** Less than 1 where the request comes soon after the line: it is handed on before it has settled in a cache. */
  #partOfWay(line: Line, cpu: number): number {
    const { handOnNs = 0, handOnShare = 1 } = this.profile;
    if (handOnNs === 0 || line.readers !== undefined) return 1;
    const queue = line.queue!, wayNs = queue.pace[cpu] * this.#request[this.#way(line, cpu)] * handOnShare;
    return queue.askedAt[cpu] + wayNs <= line.from + handOnNs ? handOnShare : 1;
  }

  /** A factor for a duration. */
  #spread(): number {
    return 1 + this.profile.jitter * (2 * this.random.unit() - 1);
  }

  #next(line: Line, releasedAt: number): number {
    return line.queue!.next(line.owner, releasedAt, (cpu) => this.#arrival(line, cpu));
  }

  #schedule(line: Line): void {
    if (!line.queue || line.queue.size === 0) {
      if (line.servedAt !== Infinity) this.#served.remove(line);
      line.servedAt = Infinity;
      return;
    }
    const free = Math.max(line.heldUntil, line.usedUntil);
    const time = Math.max(free, this.#arrival(line, this.#next(line, free)));
    line.servedAt = time;
    this.#served.set(line, time);
  }
}
