/** Damages a value of JSON where it hurts: its text stays JSON, and something in it is not what it was. */
import type { SeededRandom } from "../../lib/schedulers/random_numbers.ts";

const EDGES: readonly unknown[] = [
  ...[0, -1, 1, 0.5, 2, 255, 65_536, 2 ** 31, 2 ** 32, 2 ** 53, 1e12, 1e300, 5e8, -1e9, null, true, false],
  ...["", "0", "-1", "x", "__proto__", "\u001b[31m", "00ff", "1e999", [], [[]], [null], {}, { a: 1 }, [1, 2, 3]],
];
const NAMES = ["__proto__", "constructor", "length", "cpus", "hex", "x", "toString"];

/** Also of a name that JavaScript has its own thoughts on. */
const ORDINARY = { enumerable: true, configurable: true, writable: true };

type Container = Record<string, unknown> | unknown[];
type Place = { readonly of: Container; readonly name: string };

/** A copy of `value` with one to three things in it wrong. */
export function mutateJson(value: unknown, random: SeededRandom): unknown {
  const result: Container = { whole: structuredClone(value) };
  for (let damages = 1 + random.below(3); damages > 0; damages--) {
    const all = [...places(result)];
    if (all.length === 0) break;
    damage(all[random.below(all.length)], all[random.below(all.length)], random);
  }
  return (result as { whole?: unknown }).whole;
}

function* places(of: Container): Iterable<Place> {
  for (const name of Object.keys(of)) {
    yield { of, name };
    const inner = at({ of, name });
    if (typeof inner === "object" && inner !== null) yield* places(inner as Container);
  }
}

const at = ({ of, name }: Place): unknown => (of as Record<string, unknown>)[name];

function put({ of, name }: Place, value: unknown): void {
  if (Array.isArray(of)) of[Number(name)] = value;
  else Object.defineProperty(of, name, { value, ...ORDINARY });
}

function damage(place: Place, other: Place, random: SeededRandom): void {
  const { of, name } = place, value = at(place), edge = EDGES[random.below(EDGES.length)];
  switch (random.below(6)) {
    case 0: // gone
      if (Array.isArray(of)) of.splice(Number(name), 1);
      else delete of[name];
      return;
    case 1: // what stands elsewhere
      return put(place, structuredClone(at(other)));
    case 2: // one more
      if (Array.isArray(of)) of.push(structuredClone(value));
      else put({ of, name: NAMES[random.below(NAMES.length)] }, structuredClone(value));
      return;
    case 3: // nearly what it was
      if (typeof value === "number") return put(place, value + [1, -1, 0.5, 2 ** 32][random.below(4)]);
      return put(place, typeof value === "string" ? value.slice(1 + random.below(3)) : [structuredClone(value)]);
    default:
      return put(place, structuredClone(edge));
  }
}
