/**
 * A bench as an address: all that it shows stands behind the `#`, which browsers send to no server. A listing of the book
 * goes by its name and a hash of its text, any other text or object is in the address itself, compressed.
 */
import { sha256Hex } from "../../../../host/hash.ts";

/** What a bench does with its listing. */
export const VIEWS = ["run", "replay", "explore", "play", "verify"] as const;
export type View = typeof VIEWS[number];

export interface BenchState {
  readonly view: View;
  /** C text. */
  readonly source: string;
  /** An object file in the place of the text. */
  readonly object?: Uint8Array;
  readonly cpus: number;
  readonly invocations: number;
  readonly seed: number;
  /** As reports write it: `0 1*2 0`. */
  readonly schedule: string;
  /** JSON, as a workload file has it; empty for none. */
  readonly workload: string;
}

/** A listing that a bench can begin with. */
export interface Example {
  readonly name: string;
  readonly title: string;
  readonly group: string;
  readonly source: string;
}

/** An address that leads to no bench; the message is for the reader. */
export class LinkError extends Error {
  override readonly name = "LinkError";
}

export const FIRST: Omit<BenchState, "source"> = {
  ...{ view: "run", cpus: 2, invocations: 1000, seed: 1, schedule: "", workload: "" },
};
const HASH_DIGITS = 8;
/** No listing comes near; an address that unpacks to more is none of ours. */
const MOST_BYTES = 512 * 1024;
/** Mail programs and review tools cut longer addresses. */
export const LONG_CHARACTERS = 8000;
const NUMBERS = { cpus: 512, invocations: 1_000_000, seed: 2 ** 32 - 1 } as const;

const digestOf = (source: string): string => sha256Hex(source).slice(0, HASH_DIGITS);

async function through(bytes: Uint8Array, stream: GenericTransformStream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const readable = new Blob([bytes as BlobPart]).stream().pipeThrough(
    stream as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
  for (const reader = readable.getReader();;) {
    const { value, done } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MOST_BYTES) throw new LinkError("This link holds more than a listing.");
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

async function packed(bytes: Uint8Array): Promise<string> {
  const deflated = await through(bytes, new CompressionStream("deflate-raw"));
  return btoa(String.fromCharCode(...deflated)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function unpacked(text: string): Promise<Uint8Array> {
  try {
    const characters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(characters, (one) => one.charCodeAt(0));
    return await through(bytes, new DecompressionStream("deflate-raw"));
  } catch (error) {
    throw error instanceof LinkError ? error : new LinkError("This link is damaged: its listing cannot be unpacked.");
  }
}

/** What stands behind the `#`. */
export async function toHash(state: BenchState, examples: readonly Example[]): Promise<string> {
  const words = new URLSearchParams();
  const example = examples.find(({ source }) => source === state.source);
  if (state.object) words.set("o", await packed(state.object));
  else if (example) words.set("listing", `${example.name}~${digestOf(example.source)}`);
  else words.set("c", await packed(new TextEncoder().encode(state.source)));
  words.set("view", state.view);
  for (const name of ["cpus", "invocations", "seed"] as const) {
    if (state[name] !== FIRST[name]) words.set(name, String(state[name]));
  }
  if (state.schedule !== "") words.set("schedule", state.schedule.trim().replaceAll(" ", "."));
  if (state.workload.trim() !== "") words.set("w", await packed(new TextEncoder().encode(state.workload)));
  return words.toString().replaceAll("%7E", "~").replaceAll("%3D", "=").replaceAll("%2C", ",");
}

/** A bench, and what is to be said of it. */
export interface Opened {
  readonly state: BenchState;
  readonly note?: string;
}

/**
 * Reads what stands behind a `#`.
 *
 * @throws LinkError for what no bench has written
 */
export async function fromHash(hash: string, examples: readonly Example[]): Promise<Opened> {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const text = async (name: string) => {
    const given = words.get(name);
    return given === null ? undefined : new TextDecoder().decode(await unpacked(given));
  };
  const view = words.get("view") ?? FIRST.view;
  if (!(VIEWS as readonly string[]).includes(view)) {
    throw new LinkError(`This link asks for the view ${JSON.stringify(view)}; there are ${VIEWS.join(", ")}.`);
  }
  const number = (name: keyof typeof NUMBERS): number => {
    const given = words.get(name);
    if (given === null) return FIRST[name];
    if (/^\d+$/.test(given) && Number(given) <= NUMBERS[name] && (name === "seed" || Number(given) > 0)) {
      return Number(given);
    }
    throw new LinkError(`This link says ${name}=${given}; it takes a whole number up to ${NUMBERS[name]}.`);
  };
  const object = words.get("o"), [name, digest] = (words.get("listing") ?? "").split("~");
  const example = examples.find((one) => one.name === name);
  if (name !== "" && !example) throw new LinkError(`The book has no listing ${name} any more.`);
  const state: BenchState = {
    ...{ view: view as View, cpus: number("cpus"), invocations: number("invocations"), seed: number("seed") },
    source: example?.source ?? await text("c") ?? (object === null ? examples[0]?.source ?? "" : ""),
    ...(object !== null && { object: await unpacked(object) }),
    schedule: (words.get("schedule") ?? "").replaceAll(".", " "),
    workload: await text("w") ?? "",
  };
  const isOther = example !== undefined && digest !== undefined && digest !== digestOf(example.source);
  return { state, ...(isOther && { note: "The book's listing has changed since this link was made." }) };
}
