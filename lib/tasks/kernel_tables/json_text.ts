/** The kernel's tables as text that can be read and compared line by line: a field or a tracepoint a line. */
import type { FieldData, KernelStructs, KernelTracepoints, StructData } from "../../verifier/kernel/kernel_data.ts";

export function structsText({ source, structs }: KernelStructs): string {
  const lines = Object.entries(structs).map(([name, struct]) =>
    `    ${JSON.stringify(name)}: ${structText(struct, 4)}`
  );
  return `{\n  "source": ${oneLine(source)},\n  "structs": {\n${lines.join(",\n")}\n  }\n}\n`;
}

export function tracepointsText({ source, tracepoints, sizes }: KernelTracepoints): string {
  const lines = (table: object) =>
    Object.entries(table).map(([name, value]) => `    ${JSON.stringify(name)}: ${oneLine(value)}`).join(",\n");
  return `{\n  "source": ${oneLine(source)},\n  "tracepoints": {\n${lines(tracepoints)}\n  },\n  "sizes": {\n` +
    `${lines(sizes)}\n  }\n}\n`;
}

function structText({ union, size, fields }: StructData, indent: number): string {
  const pad = " ".repeat(indent), head = `{ ${union ? '"union": true, ' : ""}"size": ${size}, "fields": `;
  if (fields.length === 0) return `${head}[] }`;
  return `${head}[\n${fields.map((field) => `${pad}  ${fieldText(field, indent + 2)}`).join(",\n")}\n${pad}] }`;
}

function fieldText({ layout, ...rest }: FieldData, indent: number): string {
  if (!layout) return oneLine(rest);
  const { name, offset, count } = rest, after = count === undefined ? "" : `, "count": ${count}`;
  return `{ "name": ${JSON.stringify(name)}, "offset": ${offset}, "layout": ${structText(layout, indent)}${after} }`;
}

/** JSON on one line, with the spaces of a formatted file. */
function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${oneLine(one)}`);
  return entries.length ? `{ ${entries.join(", ")} }` : "{}";
}
