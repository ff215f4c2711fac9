/** Programs with the verdict that a 6.18 kernel gave on them: `data/verdicts.json` over the objects in `data/objects`. */
import { readFileSync } from "node:fs";
import { loadObject } from "../../lib/object/load.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";

/** One recorded verdict: of a program, or, without one, of an object as a whole (its first program that is refused). */
export interface Recorded {
  readonly object: string;
  readonly program?: string;
  readonly verdict: "accept" | "reject";
  readonly errno: number;
  readonly message: string;
}

const data = new URL("./data/", import.meta.url);

export const recorded: { readonly kernel: string; readonly cpus: number; readonly programs: readonly Recorded[] } = JSON
  .parse(
    readFileSync(new URL("verdicts.json", data), "utf8"),
  );

export const objectNames: readonly string[] = [...new Set(recorded.programs.map((program) => program.object))];

export const objectBytes = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`objects/${name}`, data)));

const objects = new Map<string, BpfObject>();

export function objectOf(name: string): BpfObject {
  let object = objects.get(name);
  if (!object) objects.set(name, object = loadObject(objectBytes(name), name));
  return object;
}
