/** Reads and writes .ipynb files (nbformat 4.5) in the very form in which Jupyter itself saves them. */
import type {
  IAttachments,
  ICodeCell,
  IDisplayData,
  IError,
  IExecuteResult,
  IMarkdownCell,
  IMimeBundle,
  INotebookContent,
  IStream,
  OutputMetadata,
} from "@jupyterlab/nbformat";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseJson } from "../words/json_text.ts";

/** A type of nbformat without its index signature, so that the compiler finds a misspelt field. */
type Known<T> = { [Field in keyof T as string extends Field ? never : Field]: T[Field] };
/** The same with some fields as reading leaves them: text is one string, every cell has an id. */
type Read<T, Fields> = Omit<Known<T>, keyof Fields> & Fields;

/** An object as JSON holds it; nbformat has a name of its own for each use. */
export type JsonObject = OutputMetadata;
export type MimeBundle = IMimeBundle;
export type StreamOutput = Read<IStream, { text: string }>;
export type DisplayOutput = Known<IDisplayData> | Known<IExecuteResult>;
export type ErrorOutput = Known<IError>;
export type Output = StreamOutput | DisplayOutput | ErrorOutput;
export type CodeCell = Read<ICodeCell, { id: string; source: string; outputs: Output[] }>;
export type TextCell = Read<IMarkdownCell, { cell_type: "markdown" | "raw"; id: string; source: string }>;
export type Cell = CodeCell | TextCell;
export type Notebook = Read<INotebookContent, { cells: Cell[] }>;

/** What a notebook of this book says about its kernel: no versions, which would change with every reader. */
export const KERNEL_METADATA = {
  kernelspec: { display_name: "Deno", language: "typescript", name: "deno" },
  language_info: {
    codemirror_mode: "typescript",
    file_extension: ".ts",
    mimetype: "text/x.typescript",
    name: "typescript",
    nbconvert_exporter: "script",
    pygments_lexer: "typescript",
  },
};

/**
 * Reads the notebook at `path`.
 * Throws an error that names the file and the place when it is no notebook: broken JSON with line and column,
 * otherwise the cell and the field.
 */
export function readNotebook(path: string): Notebook {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const missing = (error as { code?: string }).code === "ENOENT";
    throw new Error(missing ? `${path}: no such notebook` : `${path}: cannot be read: ${(error as Error).message}`);
  }
  return parseNotebook(text, path);
}

/** Reads a notebook from its text; `path` is for messages. */
export function parseNotebook(text: string, path: string): Notebook {
  const fail = (what: string): never => {
    throw new Error(`${path}: not a notebook: ${what}`);
  };
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    return fail((error as Error).message);
  }
  if (!isRecord(json)) return fail("it holds no JSON object");
  if (json.nbformat !== 4) return fail(`"nbformat" is ${JSON.stringify(json.nbformat)}, only version 4 is known`);
  if (!Array.isArray(json.cells)) return fail(`"cells" is not a list`);
  const ids = new Set<string>();
  const cells = json.cells.map((cell, index) => {
    const read = readCell(cell, index, (what) => fail(`cell ${index + 1}: ${what}`));
    if (ids.has(read.id)) fail(`cell ${index + 1}: its id ${JSON.stringify(read.id)} was used before`);
    ids.add(read.id);
    return read;
  });
  return { cells, metadata: isRecord(json.metadata) ? json.metadata : {}, nbformat: 4, nbformat_minor: 5 };
}

function readCell(cell: unknown, index: number, fail: (what: string) => never): Cell {
  if (!isRecord(cell)) return fail("it is not an object");
  const type = cell.cell_type;
  if (type !== "code" && type !== "markdown" && type !== "raw") {
    return fail(`"cell_type" is ${JSON.stringify(type)}; code, markdown and raw are known`);
  }
  const source = joinLines(cell.source);
  if (source === undefined) return fail(`"source" is neither text nor a list of lines`);
  const metadata = isRecord(cell.metadata) ? cell.metadata : {};
  const id = typeof cell.id === "string" ? cell.id : `cell-${index + 1}`;
  if (type !== "code") {
    return {
      cell_type: type,
      id,
      metadata,
      source,
      ...(isRecord(cell.attachments) && { attachments: cell.attachments as IAttachments }),
    };
  }
  if (!Array.isArray(cell.outputs)) return fail(`"outputs" is not a list`);
  const outputs = cell.outputs.map((output, at) => readOutput(output, (what) => fail(`output ${at + 1}: ${what}`)));
  const count = typeof cell.execution_count === "number" ? cell.execution_count : null;
  return { cell_type: type, id, metadata, source, outputs, execution_count: count };
}

function readOutput(output: unknown, fail: (what: string) => never): Output {
  if (!isRecord(output)) return fail("it is not an object");
  switch (output.output_type) {
    case "stream":
      return {
        output_type: "stream",
        name: output.name === "stderr" ? "stderr" : "stdout",
        text: joinLines(output.text) ?? fail(`"text" is neither text nor a list of lines`),
      };
    case "display_data":
    case "execute_result": {
      if (!isRecord(output.data)) return fail(`"data" is not an object`);
      const data = Object.fromEntries(
        Object.entries(output.data).map((
          [mime, value],
        ) => [mime, isJsonMime(mime) ? value : joinLines(value) ?? value]),
      ) as MimeBundle;
      const metadata = isRecord(output.metadata) ? output.metadata : {};
      return output.output_type === "display_data"
        ? { output_type: "display_data", data, metadata }
        : { output_type: "execute_result", data, metadata, execution_count: output.execution_count as number | null };
    }
    case "error":
      return {
        output_type: "error",
        ename: String(output.ename),
        evalue: String(output.evalue),
        traceback: Array.isArray(output.traceback) ? output.traceback.map(String) : [],
      };
    default:
      return fail(`"output_type" is ${JSON.stringify(output.output_type)}`);
  }
}

/** The notebook's text as Jupyter saves it: sorted keys, one space of indentation, text as lists of lines. */
export function formatNotebook(notebook: Notebook): string {
  const cells = notebook.cells.map((cell) => {
    const source = splitLines(cell.source);
    return cell.cell_type === "code"
      ? { ...cell, source, outputs: cell.outputs.map(formatOutput) }
      : { ...cell, source };
  });
  return JSON.stringify(sortKeys({ ...notebook, cells }), null, 1) + "\n";
}

/** Replaces the file at once, so that a reader or a crash never meets half a notebook. */
export function writeNotebook(path: string, notebook: Notebook): void {
  const unfinished = `${path}.unfinished`;
  writeFileSync(unfinished, formatNotebook(notebook));
  renameSync(unfinished, path);
}

function formatOutput(output: Output): unknown {
  if (output.output_type === "stream") return { ...output, text: splitLines(output.text) };
  if (output.output_type === "error") return output;
  const data = Object.fromEntries(
    Object.entries(output.data).map((
      [mime, value],
    ) => [mime, typeof value === "string" && mime !== "application/json" ? splitLines(value) : value]),
  );
  return { ...output, data };
}

/** Text that a notebook may hold as one string or as a list of lines. */
function joinLines(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((line) => typeof line === "string")) return value.join("");
  return undefined;
}

function splitLines(text: string): string[] {
  return text.match(/[^\n\r]*(?:\r\n|\n|\r)|[^\n\r]+/g) ?? [];
}

function isJsonMime(mime: string): boolean {
  return mime === "application/json" || (mime.startsWith("application/") && mime.endsWith("+json"));
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sortKeys(value[key])]));
}
