/** Where the two threads of a scenario meet, again and again, within some tens of nanoseconds. */
const ARRIVED = 0, TURN = 1, START = 2, LENGTH = 4, TEXT = 16;
/** Looks at the other thread before this one lets go of its CPU. */
const PATIENCE = 20_000;
const MOST_TEXT = 8192;

export const newRendezvous = (): SharedArrayBuffer => new SharedArrayBuffer(TEXT + MOST_TEXT);

export class Rendezvous {
  readonly #words: Int32Array;
  readonly #text: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, TEXT / 4);
    this.#text = new Uint8Array(memory, TEXT);
  }

  /** Waits until both threads are here. */
  meet(): void {
    const turn = Atomics.load(this.#words, TURN);
    if (Atomics.add(this.#words, ARRIVED, 1) === 1) {
      Atomics.store(this.#words, ARRIVED, 0);
      Atomics.add(this.#words, TURN, 1);
      Atomics.notify(this.#words, TURN);
      return;
    }
    for (let looked = 0; Atomics.load(this.#words, TURN) === turn; looked++) {
      if (looked > PATIENCE) Atomics.wait(this.#words, TURN, turn, 5);
    }
  }

  /** How long each thread idles before it begins, in turns of an empty loop. */
  setStart(role: number, turns: number): void {
    Atomics.store(this.#words, START + role, turns);
  }

  start(role: number): number {
    return Atomics.load(this.#words, START + role);
  }

  /** What the second thread hands to the first. */
  give(text: string): void {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > MOST_TEXT - LENGTH) throw new RangeError(`${bytes.length} bytes to hand over`);
    this.#text.set(bytes, LENGTH);
    new DataView(this.#text.buffer, TEXT).setUint32(0, bytes.length, true);
  }

  take(): string {
    const length = new DataView(this.#text.buffer, TEXT).getUint32(0, true);
    return new TextDecoder().decode(this.#text.slice(LENGTH, LENGTH + length));
  }
}
