/** What `user` has to offer, by name: a call that there is not, and an argument too many, are refused before they run. */
import { didYouMean } from "../words/closest_name.ts";
import type { UserApi } from "./user_space.ts";

/** The calls of `user` with their arguments; those with a question mark may be left out. */
export const USER_CALLS = {
  lookup: "map, key, flags?",
  lookupBytes: "map, key, flags?",
  update: "map, key, value, flags?",
  delete: "map, key",
  lookupAndDelete: "map, key, flags?",
  nextKey: "map, key?",
  walk: "map, flags?",
  lookupBatch: "map, flags?, count?, cursor?",
  lookupAndDeleteBatch: "map, flags?, count?, cursor?",
  updateBatch: "map, entries, flags?",
  deleteBatch: "map, keys, flags?",
  freeze: "map",
  swapInner: "outer, key, inner",
  createInner: "outer",
  run: "prog, options?",
  readGlobal: "name",
  writeGlobal: "name, value",
  atomicGlobal: "name, op, value, expected?",
  push: "map, value, flags?",
  pop: "map",
  peek: "map, value?",
  ringBufferConsume: "map, type?",
  ringBufferPoll: "map, timeoutMs?, type?",
  perfBufferConsume: "map, type?",
  sleep: "",
  note: "text",
} as const satisfies Partial<Record<keyof UserApi, string>>;

const NAMES = Object.keys(USER_CALLS);

/**
 * The same calls, each of which looks at how it is called.
 *
 * @throws TypeError by what it gives: for a name that is no call, for too few and too many arguments
 */
export function checkedCalls(api: UserApi): UserApi {
  const calls = new Map<string, unknown>();
  return new Proxy(api, {
    get(target, name) {
      if (typeof name !== "string" || name in Object.prototype) return Reflect.get(target, name, target);
      let call = calls.get(name);
      if (call === undefined) calls.set(name, call = checkedCall(target, name));
      return call;
    },
  });
}

function checkedCall(api: UserApi, name: string): (...args: unknown[]) => unknown {
  if (!Object.hasOwn(USER_CALLS, name)) {
    throw new TypeError(`user has no call ${name}${didYouMean(name, NAMES)}; it has ${NAMES.join(", ")}`);
  }
  const takes = USER_CALLS[name as keyof typeof USER_CALLS], names = takes === "" ? [] : takes.split(", ");
  const least = names.filter((one) => !one.endsWith("?")).length;
  const call = api[name as keyof UserApi] as (...args: unknown[]) => unknown;
  return (...args) => {
    if (args.length < least || args.length > names.length) {
      const given = `${args.length} argument${args.length === 1 ? "" : "s"}`;
      throw new TypeError(`user.${name} is given ${given}; it takes ${takes === "" ? "none" : `(${takes})`}`);
    }
    return call.apply(api, args);
  };
}
