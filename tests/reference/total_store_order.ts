/**
 * The reference for total store order: every final state of threads of loads, stores and atomics, by naive enumeration.
 *
 * A thread's store waits in its FIFO; loads look there first, byte by byte; an atomic waits until the FIFO is empty.
 * Without `buffers` a store is in memory at once: sequential consistency.
 */
import type { Access } from "../search/access_programs.ts";

/** @returns every final state once: memory, then what each load of each thread read, in order */
export function finalStates(threads: readonly (readonly Access[])[], bytes: number, buffers: boolean): Set<string> {
  interface State {
    memory: number[];
    at: number[];
    read: string[][];
    waiting: { at: number; bytes: number[] }[][];
  }
  const seen = new Set<string>(), finals = new Set<string>();
  const first: State = {
    memory: new Array(bytes).fill(0),
    at: threads.map(() => 0),
    read: threads.map(() => []),
    waiting: threads.map(() => []),
  };
  const open = [first];
  const toBytes = (value: number, size: number) =>
    Array.from({ length: size }, (_, i) => i < 4 ? (value >> 8 * i) & 255 : 0);
  for (let state = open.pop(); state; state = open.pop()) {
    const key = JSON.stringify(state);
    if (seen.has(key)) continue;
    seen.add(key);
    const ended = state.at.every((at, t) => at === threads[t].length) && state.waiting.every((one) => one.length === 0);
    if (ended) finals.add(JSON.stringify([state.memory, state.read]));
    threads.forEach((thread, t) => {
      if (state.waiting[t].length > 0) {
        const next: State = structuredClone(state), store = next.waiting[t].shift()!;
        store.bytes.forEach((byte, i) => next.memory[store.at + i] = byte);
        open.push(next);
      }
      const access = thread[state.at[t]];
      if (!access || (access.does === "add" && state.waiting[t].length > 0)) return;
      const next: State = structuredClone(state);
      next.at[t]++;
      if (access.does === "store") {
        next.waiting[t].push({ at: access.at, bytes: toBytes(access.value, access.size) });
        if (!buffers) next.waiting[t].pop()!.bytes.forEach((byte, i) => next.memory[access.at + i] = byte);
      } else {
        const seenBytes = next.memory.slice(access.at, access.at + access.size).map((byte, i) => {
          for (const store of next.waiting[t]) byte = store.bytes[access.at + i - store.at] ?? byte;
          return byte;
        });
        next.read[t].push(seenBytes.join("."));
        if (access.does === "add") {
          // Values are small: nothing is carried out of the lowest byte.
          next.memory[access.at] += access.value;
        }
      }
      open.push(next);
    });
  }
  return finals;
}
