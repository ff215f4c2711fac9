/** Where a map operation reads a key or a value from. */
import { addressOf, type Memory, type Width } from "../cpu/memory.ts";
import { type FaultOp, load, type Model } from "../cpu/operation.ts";
import { bytesToNumber, numberToBytes, setWord, type Word, wordAt, wordsOf } from "./words.ts";

/**
 * A buffer that no other task can change (the caller's stack, what a system call copied in), as its bytes; or memory
 * that other CPUs can reach, which has to be loaded word by word when its turn comes.
 */
export type Source = { readonly bytes: Uint8Array } | { readonly addr: number };

/** Ends the run with a message for the reader; never returns. */
export function* faultWith(message: string): Model<never> {
  yield { kind: "fault", message } satisfies FaultOp;
  throw new Error("a run went on after its fault");
}

/** The `size` bytes that a program's pointer points to. */
export function* sourceAt(memory: Memory, pointer: bigint, size: number, what: string): Model<Source> {
  const reason = memory.explain(pointer, size, false);
  if (reason) return yield* faultWith(`${what}: ${reason}`);
  const addr = addressOf(pointer);
  if (memory.isShared(pointer)) return { addr };
  const number = yield {
    kind: "private",
    readsStack: true,
    run: (m) => readNumber(m, addr, size),
  };
  return { bytes: bytesOf(number, size) };
}

/** A buffer as one number, the first byte lowest; a single word is read without a copy. */
function readNumber(memory: Memory, addr: number, size: number): bigint {
  const isWord = size === 8 || size === 4 || size === 2 || size === 1;
  return isWord ? memory.read(addr, size satisfies Width) : bytesToNumber(memory.readBytes(addr, size));
}

/** Short buffers that were read lately, by their low bits: a search comes upon the same few again and again. */
const lately: { readonly number: bigint; readonly bytes: Uint8Array }[] = [];

/** A buffer that its readers leave as it is. */
function bytesOf(number: bigint, size: number): Uint8Array {
  if (size > 8) return numberToBytes(number, size);
  const place = Number(BigInt.asUintN(6, number)), known = lately[place];
  if (known && known.number === number && known.bytes.length === size) return known.bytes;
  const bytes = numberToBytes(number, size);
  lately[place] = { number, bytes };
  return bytes;
}

/** Loads a source completely: what a key is before it is hashed and compared. */
export function* readSource(source: Source, size: number, label: string): Model<Uint8Array> {
  return "bytes" in source ? source.bytes : yield* readWords(source.addr, size, wordsOf(size), label);
}

export function* readWord(source: Source, word: Word, label: string): Model {
  return "bytes" in source ? wordAt(source.bytes, word) : yield load(source.addr + word.offset, word.size, label);
}

/** Copies shared memory into a buffer of the kernel's, word by word; bytes outside the words stay zero. */
export function* readWords(addr: number, size: number, words: readonly Word[], label: string): Model<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (const word of words) setWord(bytes, word, yield load(addr + word.offset, word.size, label));
  return bytes;
}
