/** User space's side of a scenario, the same on both kernels. */
import type { Model } from "../../cpu/operation.ts";
import { KernelError } from "../../maps/errno.ts";
import type { UserApi } from "../../maps/user_space.ts";
import { type Call, isPercpu, type MapName } from "./draw.ts";

/** A value of a map whose words are all `n`. */
export function valueOf(map: MapName, n: number, cpus: number) {
  const value = { a: n, b: n };
  return isPercpu(map) ? Array.from({ length: cpus }, () => value) : value;
}

/**
 * Makes the calls, one after another.
 *
 * @param before called before each, for delays
 * @returns what each of them gave: its value, or the name of its error
 */
export function* makeCalls(
  user: UserApi,
  calls: readonly Call[],
  { prog, cpus, before }: { readonly prog: string; readonly cpus: number; readonly before?: (call: number) => void },
): Model<unknown> {
  const results: unknown[] = [];
  for (const [index, call] of calls.entries()) {
    before?.(index);
    try {
      results.push(yield* make(user, call, prog, cpus));
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      results.push([error.code, error.count]);
    }
  }
  return results;
}

function make(user: UserApi, call: Call, prog: string, cpus: number): Model<unknown> {
  switch (call.call) {
    case "lookup":
    case "lookupAndDelete":
      return user[call.call](call.map, call.key, call.flags);
    case "update":
      return user.update(call.map, call.key, valueOf(call.map, call.value, cpus), call.flags);
    case "delete":
    case "nextKey":
      return user[call.call](call.map, call.key);
    case "lookupBatch":
    case "lookupAndDeleteBatch":
      return user[call.call](call.map, call.flags, call.count);
    case "updateBatch":
      return user.updateBatch(
        call.map,
        call.keys.map((key) => ({ key, value: valueOf(call.map, call.value, cpus) })),
      );
    case "deleteBatch":
      return user.deleteBatch(call.map, call.keys);
    case "readGlobal":
      return user.readGlobal(`words[${call.word}]`);
    case "writeGlobal":
      return user.writeGlobal(`words[${call.word}]`, call.value);
    case "atomicGlobal":
      return user.atomicGlobal(`words[${call.word}]`, call.op, call.value);
    case "freeze":
      return user.freeze(call.map);
    case "run":
      return user.run(prog);
  }
}

/** A call as a reader would write it. */
export function textOfCall(call: Call, prog: string, cpus: number): string {
  const value = (n: number) => JSON.stringify(valueOf("map" in call ? call.map : "hash", n, cpus)).replaceAll('"', "");
  switch (call.call) {
    case "lookup":
    case "lookupAndDelete":
      return `user.${call.call}("${call.map}", ${call.key}, ${call.flags}n)`;
    case "update":
      return `user.update("${call.map}", ${call.key}, ${value(call.value)}, ${call.flags}n)`;
    case "delete":
    case "nextKey":
      return `user.${call.call}("${call.map}", ${call.key})`;
    case "lookupBatch":
    case "lookupAndDeleteBatch":
      return `user.${call.call}("${call.map}", ${call.flags}n, ${call.count})`;
    case "updateBatch":
      return `user.updateBatch("${call.map}", [${
        call.keys.map((key) => `{ key: ${key}, value: ${value(call.value)} }`).join(", ")
      }])`;
    case "deleteBatch":
      return `user.deleteBatch("${call.map}", [${call.keys.join(", ")}])`;
    case "readGlobal":
      return `user.readGlobal("words[${call.word}]")`;
    case "writeGlobal":
      return `user.writeGlobal("words[${call.word}]", ${call.value})`;
    case "atomicGlobal":
      return `user.atomicGlobal("words[${call.word}]", "${call.op}", ${call.value})`;
    case "freeze":
      return `user.freeze("${call.map}")`;
    case "run":
      return `user.run("${prog}")`;
  }
}
