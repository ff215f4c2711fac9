/** What tells outcomes apart. What a report prints of them may be shortened; what is compared here never is. */
import type { Machine } from "../machine/machine.ts";
import { skipsKey } from "../machine/skips.ts";

/** The outcome that a machine ended in, as text: equal texts are equal outcomes. Which runs were skipped is part of it. */
export function outcomeKey(machine: Machine): string {
  return [endKey(machine), skipsKey(machine)].join(" ").trimEnd();
}

/** The same whatever was skipped on the way: what is compared with runs one after another, in which nothing is. */
export function endKey(machine: Machine): string {
  return [machine.kernel.stateKey(), returnedKey(machine)].join(" ").trimEnd();
}

/** What user actors returned, as text. */
export function returnedKey(machine: Machine): string {
  return machine.tasks.map((task) => task.kind === "user" ? describeReturned(task.returned) : "").join(" ").trim();
}

/**
 * What a user actor returned, as text: equal texts are equal values. Types count (1n is not "1", a list is not a map);
 * the order of an object's properties does not.
 */
export function describeReturned(value: unknown, inside: readonly unknown[] = []): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  const depth = inside.indexOf(value);
  if (depth >= 0) return `<${inside.length - depth} up>`;
  const describe = (part: unknown) => describeReturned(part, [...inside, value]);
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name}(${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")})`;
  }
  if (Array.isArray(value)) {
    const named = Object.entries(value).slice(value.length).map(([name, part]) => `${name}:${describe(part)}`);
    return `[${[...value.map(describe), ...named].join()}]`;
  }
  if (value instanceof Map) return `Map{${[...value].map(([key, of]) => `${describe(key)}=>${describe(of)}`).join()}}`;
  if (value instanceof Set) return `Set{${[...value].map(describe).join()}}`;
  if (value instanceof Error) return describe({ error: value.name, message: value.message });
  const parts = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return `{${parts.map(([name, part]) => `${JSON.stringify(name)}:${describe(part)}`).join()}}`;
}
