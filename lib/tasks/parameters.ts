/**
 * Values for a notebook from the command line, as papermill gives them: a cell of their own after the one that is tagged
 * `parameters`. Where none is tagged, each takes the place of what the notebook says itself: `const CPUS = ...;`.
 */
import type { CodeCell, Notebook } from "../jupyter/notebook_file.ts";
import { hasTag } from "../jupyter/execute.ts";

export const TAG = "parameters", INJECTED = "injected-parameters";

/** Values by name; a value is TypeScript. */
export type Parameters = ReadonlyMap<string, string>;

/** A parameter that cannot be given to a notebook. */
export class ParameterError extends Error {
  override readonly name = "ParameterError";
}

/** `-p NAME VALUE`, as papermill has it, in the form that one option has: `--parameter NAME=VALUE`. */
export function joinParameters(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const isParameter = (args[at] === "-p" || args[at] === "--parameters") && at + 2 < args.length;
    if (isParameter && !args[at + 1].includes("=")) {
      joined.push("--parameter", `${args[at + 1]}=${args[at + 2]}`);
      at += 2;
    } else joined.push(args[at]);
  }
  return joined;
}

/**
 * Adds `NAME=VALUE`. JSON is taken as it is, `None` for null as papermill does, anything else as text.
 *
 * @throws ParameterError for what is no such pair
 */
export function addParameter(text: string, all: Parameters = new Map()): Parameters {
  const [, name, value] = /^([A-Za-z_$][\w$]*)=([^]*)$/.exec(text) ?? [];
  if (name === undefined) throw new ParameterError(`${JSON.stringify(text)}: a name and a value are needed, -p CPUS 3`);
  return new Map([...all, [name, literalOf(value)]]);
}

function literalOf(value: string): string {
  if (/^(?:None|True|False)$/.test(value)) return { None: "null", True: "true", False: "false" }[value]!;
  if (/^-?\d+n$/.test(value)) return value;
  try {
    return JSON.stringify(JSON.parse(value));
  } catch {
    return JSON.stringify(value);
  }
}

/**
 * The notebook with the values in it; the argument stays as it is.
 *
 * @throws ParameterError for a name that no cell declares, where no cell is tagged
 */
export function withParameters(notebook: Notebook, parameters: Parameters): Notebook {
  if (parameters.size === 0) return notebook;
  const cells = structuredClone(notebook.cells).filter((cell) => !hasTag(cell, INJECTED));
  const tagged = cells.findIndex((cell) => cell.cell_type === "code" && hasTag(cell, TAG));
  if (tagged >= 0) {
    cells.splice(tagged + 1, 0, injectedCell(parameters));
    return { ...notebook, cells };
  }
  for (const [name, value] of parameters) {
    const cell = cells.find((one) => one.cell_type === "code" && initializerOf(one.source, name));
    if (!cell) {
      const known = cells.flatMap((one) => one.cell_type === "code" ? namesIn(one.source) : []);
      throw new ParameterError(`no cell declares ${name} with a value of its own; there are ${known.join(", ")}`);
    }
    const { start, end } = initializerOf(cell.source, name)!;
    cell.source = cell.source.slice(0, start) + value + cell.source.slice(end);
  }
  return { ...notebook, cells };
}

function injectedCell(parameters: Parameters): CodeCell {
  const source = ["// Parameters", ...[...parameters].map(([name, value]) => `var ${name} = ${value};`)].join("\n");
  return {
    cell_type: "code",
    id: INJECTED,
    metadata: { tags: [INJECTED] },
    source,
    outputs: [],
    execution_count: null,
  };
}

const DECLARATION = /^(?:const|let|var) ([A-Za-z_$][\w$]*)(?::[^=\n]*)? = (?!await\b|\(|function\b|async\b)/gm;

const namesIn = (source: string): string[] => [...source.matchAll(DECLARATION)].map(([, name]) => name);

/** Where the value of a declaration at the beginning of a line stands: up to its `;`, or to the end of its last line. */
function initializerOf(source: string, name: string): { start: number; end: number } | undefined {
  const found = [...source.matchAll(DECLARATION)].find((match) => match[1] === name);
  if (!found) return undefined;
  const start = found.index + found[0].length;
  const part = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[^])*`|\/\/[^\n]*|\/\*[^]*?\*\/|[^]/gy;
  part.lastIndex = start;
  let depth = 0;
  for (let match = part.exec(source); match; match = part.exec(source)) {
    if ("([{".includes(match[0])) depth++;
    else if (")]}".includes(match[0])) depth--;
    else if (depth === 0 && (match[0] === ";" || match[0] === "\n")) return { start, end: match.index };
  }
  return { start, end: source.length };
}
