/** Shards as files: sealed when written, looked at when read, so that damage and mix-ups are named, never merged. */
import { sha256Hex } from "../host/hash.ts";
import { toJson } from "../report/json.ts";
import { parseJson } from "../words/json_text.ts";
import { isRecord } from "../words/rules.ts";
import type { Sweep } from "./seed_grid.ts";

/** What a shard file says of itself; another number is of another Interleave, whose runs may differ. */
const FORMAT = "interleave sweep 2";

/** A sweep or shard as the text of a file. */
export function sealSweep(sweep: Sweep): string {
  return toJson({ format: FORMAT, ...sweep, digest: digestOf(sweep) });
}

/**
 * A sweep or shard out of a file's text.
 *
 * @param file what messages call it
 * @throws RangeError naming the file: no JSON, no shard, of another version, or changed since it was written
 */
export function openSweep(text: string, file: string): Sweep {
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
    return refuse("this is no shard of a sweep; `interleave sweep FILE --shard i/n --json` writes one");
  }
  const { format, digest, ...sweep } = value;
  if (format !== FORMAT) {
    refuse(`it says "${format}", and only "${FORMAT}" can be merged here: run the shard again with this version`);
  }
  if (digest !== digestOf(sweep)) refuse("its contents are not what was written: damaged; run this shard again");
  return sweep as unknown as Sweep;
}

const digestOf = (sweep: object): string => sha256Hex(toJson(sweep));
