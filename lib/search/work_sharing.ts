/**
 * How the workers of one search hand one another work, without a word from the main thread: who has none says so, who
 * has some looks now and then whether anybody does, and leaves a part of its own in that one's box.
 */

/** A part of a search: how to come to a state, and what is left to try there. */
export interface Share {
  /** The schedule that leads to the state. */
  readonly path: readonly number[];
  /** What is left to try; its meaning is that of the search that gave it away. */
  readonly rest: readonly number[];
}

/** What a search does for those that share its work. */
export interface Shareable {
  readonly finished: boolean;
  /** The part of the tree of schedules that is still ahead, 0 to 1. */
  readonly ahead: number;
  /** Gives a part of what is left away, the largest there is; undefined when there is nothing left to give. */
  split(): Share | undefined;
  /** Goes on with a part, once it is finished with what it had. */
  resume(share: Share): void;
}

/** Words of the control block, before those of each worker. */
const STOP = 0, PAUSE = 1, HUNGRY = 2, ACTIVE = 3, REHASHED = 4, DONE = 5, WORKERS = 8;
/** Words of the control block for each worker. */
const STATES = 0, TRANSITIONS = 1, AHEAD = 2, PER_WORKER = 16;
/** Parts of the tree in `AHEAD`. */
const WHOLE = 2 ** 30;

/** A box: its state, and the lengths of what is in it. */
const BOX_STATE = 0, BOX_PATH = 1, BOX_REST = 2, BOX_WORDS = 3;
const SHUT = 0, WANTING = 1, FILLING = 2, FULL = 3;
const LOOK_MS = 20;
/** Of the looks that a worker takes around itself, those at which it says how far it is. */
export const PUBLISH_EVERY = 8;

/** Why workers end before they are done. */
export const STOPPED = { no: 0, byMain: 1, states: 2, failed: 3 } as const;

/** The buffers of {@link WorkSharing}: what is sent to the workers. */
export interface SharingBuffers {
  readonly control: Int32Array;
  readonly boxes: readonly Int32Array[];
}

/** @param longest the longest schedule that is handed on */
export function sharingBuffers(workers: number, longest: number): SharingBuffers {
  const make = (words: number) => new Int32Array(new SharedArrayBuffer(4 * words));
  const control = make(WORKERS + PER_WORKER * workers);
  control[ACTIVE] = workers;
  return { control, boxes: Array.from({ length: workers }, () => make(BOX_WORDS + longest + 1024)) };
}

export class WorkSharing {
  readonly #control: Int32Array;
  readonly #boxes: readonly Int32Array[];

  constructor({ control, boxes }: SharingBuffers) {
    this.#control = control;
    this.#boxes = boxes;
  }

  get workers(): number {
    return this.#boxes.length;
  }

  get stopped(): number {
    return Atomics.load(this.#control, STOP);
  }

  /** Lets all workers end as soon as they look. */
  stop(why: number): void {
    Atomics.compareExchange(this.#control, STOP, STOPPED.no, why);
    this.#wake();
  }

  get paused(): boolean {
    return Atomics.load(this.#control, PAUSE) !== 0;
  }

  /** Lets all workers come back to their event loops. */
  pause(): void {
    Atomics.store(this.#control, PAUSE, 1);
    this.#wake();
  }

  /** Said by the main thread, while none is at work. */
  goOn(): void {
    Atomics.store(this.#control, PAUSE, 0);
    Atomics.store(this.#control, REHASHED, 0);
  }

  /** Whether all work is done. */
  get done(): boolean {
    return Atomics.load(this.#control, DONE) !== 0;
  }

  publish(worker: number, states: number, transitions: number, ahead: number): void {
    const at = WORKERS + PER_WORKER * worker;
    this.#control[at + STATES] = states;
    this.#control[at + TRANSITIONS] = transitions;
    this.#control[at + AHEAD] = Math.round(ahead * WHOLE);
  }

  /** States that the workers have added. */
  get states(): number {
    return this.#sum(STATES);
  }

  get transitions(): number {
    return this.#sum(TRANSITIONS);
  }

  get ahead(): number {
    return Math.min(1, this.#sum(AHEAD) / WHOLE);
  }

  /** Says that this worker's part of a larger table is filled. */
  arrive(): void {
    if (Atomics.add(this.#control, REHASHED, 1) + 1 === this.workers) Atomics.notify(this.#control, REHASHED);
  }

  /** Whether every worker has said so, or all are to end. */
  get met(): boolean {
    return Atomics.load(this.#control, REHASHED) >= this.workers || this.stopped !== STOPPED.no;
  }

  /** Waits until they have {@link met}. */
  meet(): void {
    const control = this.#control;
    this.arrive();
    while (!this.met) Atomics.wait(control, REHASHED, Atomics.load(control, REHASHED), LOOK_MS);
  }

  /** Lets all workers end, or pause for a larger table, where they have come to so many states. */
  lookAround(maxStates: number, tableLimit: number): void {
    const { states } = this;
    if (states >= maxStates) this.stop(STOPPED.states);
    else if (states > tableLimit) this.pause();
  }

  /** Hands a part of a search to a worker that has nothing to do, if there is one. */
  feed(search: Pick<Shareable, "split">): void {
    while (Atomics.load(this.#control, HUNGRY) > 0) {
      const box = this.#boxes.find((box) => Atomics.compareExchange(box, BOX_STATE, WANTING, FILLING) === WANTING);
      if (!box) return;
      const share = search.split(), words = share ? BOX_WORDS + share.path.length + share.rest.length : 0;
      if (!share || words > box.length) {
        if (share) throw new RangeError(`a schedule of ${share.path.length} steps is too long to be handed on`);
        Atomics.store(box, BOX_STATE, WANTING);
        return;
      }
      box[BOX_PATH] = share.path.length;
      box[BOX_REST] = share.rest.length;
      box.set(share.path, BOX_WORDS);
      box.set(share.rest, BOX_WORDS + share.path.length);
      Atomics.add(this.#control, ACTIVE, 1);
      Atomics.sub(this.#control, HUNGRY, 1);
      Atomics.store(box, BOX_STATE, FULL);
      Atomics.notify(box, BOX_STATE);
    }
  }

  /** Asks for work, and takes what another worker has handed on meanwhile, if one has. */
  take(worker: number): Share | undefined {
    const box = this.#boxes[worker], control = this.#control;
    if (Atomics.compareExchange(box, BOX_STATE, SHUT, WANTING) === SHUT) {
      Atomics.add(control, HUNGRY, 1);
      if (Atomics.sub(control, ACTIVE, 1) === 1) {
        Atomics.store(control, DONE, 1);
        this.#wake();
      }
    }
    if (Atomics.load(box, BOX_STATE) !== FULL) return undefined;
    const rest = BOX_WORDS + box[BOX_PATH];
    const share = { path: [...box.subarray(BOX_WORDS, rest)], rest: [...box.subarray(rest, rest + box[BOX_REST])] };
    Atomics.store(box, BOX_STATE, SHUT);
    return share;
  }

  /** Whether there is nothing to wait for: all are to stop or pause, or no work is left. */
  get over(): boolean {
    return this.done || this.paused || this.stopped !== STOPPED.no;
  }

  /** Waits until another worker hands on some work. Undefined when it is {@link over}. */
  await(worker: number): Share | undefined {
    for (;;) {
      const share = this.take(worker);
      if (share || this.over) return share;
      const box = this.#boxes[worker], state = Atomics.load(box, BOX_STATE);
      if (state !== FULL) Atomics.wait(box, BOX_STATE, state, LOOK_MS);
    }
  }

  #sum(field: number): number {
    let sum = 0;
    for (let worker = 0; worker < this.workers; worker++) sum += this.#control[WORKERS + PER_WORKER * worker + field];
    return sum;
  }

  #wake(): void {
    for (const box of this.#boxes) Atomics.notify(box, BOX_STATE);
  }
}
