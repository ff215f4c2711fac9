/** Shards as files: sealed when written, looked at when read, so that damage and mix-ups are named, never merged. */
import { sha256Hex } from "../host/hash.ts";
import { toJson } from "../report/json.ts";
import { parseJson } from "../words/json_text.ts";
import { isRecord } from "../words/rules.ts";
import type { ExploredShard } from "../search/explore_shards.ts";
import type { Sweep } from "./seed_grid.ts";

/** What a shard file says of itself; another number is of another Interleave, whose runs may differ. */
interface Format {
  readonly format: string;
  /** What it holds, and the command that writes one. */
  readonly of: string;
  readonly writer: string;
}

const SWEEP: Format = { format: "interleave sweep 2", of: "a sweep", writer: "sweep" };
const SEARCH: Format = { format: "interleave search 1", of: "a search", writer: "explore" };

/** A sweep or shard as the text of a file. */
export const sealSweep = (sweep: Sweep): string => seal(sweep, SWEEP);

/**
 * A sweep or shard out of a file's text.
 *
 * @param file what messages call it
 * @throws RangeError naming the file: no JSON, no shard, of another version, or changed since it was written
 */
export const openSweep = (text: string, file: string): Sweep => open(text, file, SWEEP) as Sweep;

/** A shard of a search as the text of a file. */
export const sealSearch = (shard: ExploredShard): string => seal(shard, SEARCH);

/** The same for a shard of a search. */
export const openSearch = (text: string, file: string): ExploredShard => open(text, file, SEARCH) as ExploredShard;

const seal = (content: object, { format }: Format): string => toJson({ format, ...content, digest: digestOf(content) });

function open(text: string, file: string, { format: known, of, writer }: Format): unknown {
  const refuse = (why: string): never => {
    throw new RangeError(`${file}: ${why}`);
  };
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    refuse((error as Error).message);
  }
  if (!isRecord(value) || typeof value.format !== "string") {
    return refuse(`this is no shard of ${of}; \`interleave ${writer} FILE --shard i/n --json\` writes one`);
  }
  const { format, digest, ...content } = value;
  if (format !== known) {
    refuse(`it says "${format}", and only "${known}" can be merged here: run the shard again with this version`);
  }
  if (digest !== digestOf(content)) refuse("its contents are not what was written: damaged; run this shard again");
  return content;
}

const digestOf = (content: object): string => sha256Hex(toJson(content));
