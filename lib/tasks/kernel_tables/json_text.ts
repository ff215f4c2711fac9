/** The kernel's tables as text that can be compared line by line: a struct or a tracepoint a line. */
import type { KernelSource, KernelTracepoints, StructData } from "../../verifier/kernel/kernel_data.ts";

export function structsText(source: KernelSource, structs: Readonly<Record<string, StructData>>): string {
  const lines = Object.entries(structs).map(([name, struct]) => oneLine({ name, ...struct }));
  return `${[oneLine({ source }), ...lines].join("\n")}\n`;
}

export function tracepointsText({ source, tracepoints, sizes }: KernelTracepoints): string {
  const lines = (table: object) =>
    Object.entries(table).map(([name, value]) => `    ${JSON.stringify(name)}: ${oneLine(value)}`).join(",\n");
  return `{\n  "source": ${oneLine(source)},\n  "tracepoints": {\n${lines(tracepoints)}\n  },\n  "sizes": {\n` +
    `${lines(sizes)}\n  }\n}\n`;
}

/** A line for each hook below that of the source. */
export const hooksText = (source: KernelSource, hooks: readonly string[]): string =>
  `# ${oneLine({ source })}\n# name, what it gives back, arguments: see hooks.ts\n${hooks.join("\n")}\n`;

/** JSON on one line, with the spaces of a formatted file. */
function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${oneLine(one)}`);
  return entries.length ? `{ ${entries.join(", ")} }` : "{}";
}
