/** Any value as text, in a page: as Deno and Node print small values, on one line while that is short. */

const LINE = 72;

export function inspect(
  value: unknown,
  { depth = 2 }: { readonly depth?: number; readonly colors?: boolean } = {},
): string {
  return print(value, depth, "", []);
}

function print(value: unknown, depth: number, indent: string, above: readonly unknown[]): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "function") return value.name ? `[Function: ${value.name}]` : "[Function (anonymous)]";
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return value.stack ?? String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (above.includes(value)) return "[Circular *1]";
  const name = value.constructor?.name ?? "[Object: null prototype]";
  if (depth < 0) return Array.isArray(value) ? "[Array]" : `[${name}]`;
  const inner = (one: unknown) => print(one, depth - 1, `${indent}  `, [...above, value]);
  if (Array.isArray(value)) return brackets("[", value.map(inner), "]", indent);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const items = [...value as unknown as Iterable<unknown>];
    return brackets(`${name}(${items.length}) [`, items.map(inner), "]", indent);
  }
  if (value instanceof Map) {
    const items = [...value].map(([key, one]) => `${inner(key)} => ${inner(one)}`);
    return brackets(`Map(${value.size}) {`, items, "}", indent);
  }
  if (value instanceof Set) return brackets(`Set(${value.size}) {`, [...value].map(inner), "}", indent);
  const items = Object.entries(value).map(([key, one]) =>
    `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)}: ${inner(one)}`
  );
  return brackets(name === "Object" ? "{" : `${name} {`, items, "}", indent);
}

function brackets(open: string, items: readonly string[], close: string, indent: string): string {
  if (items.length === 0) return open + close;
  const line = items.join(", ");
  if (line.length <= LINE && !line.includes("\n")) return open === "[" ? `[ ${line} ]` : `${open} ${line} ${close}`;
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(",\n")}\n${indent}${close}`;
}
