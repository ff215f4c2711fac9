/** JSON that a reader may have edited: a mistake in it is told by line and column; JSON.parse tells some places only. */
import { parse, type ParseError, printParseErrorCode } from "jsonc-parser";

/**
 * The value that a text of JSON (RFC 8259) holds.
 *
 * @throws SyntaxError which says where the text stops being JSON
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(describeMistake(text) ?? `broken JSON: ${(error as Error).message}`);
  }
}

function describeMistake(text: string): string | undefined {
  if (text.trim() === "") return "the file is empty";
  const conflict = text.split("\n").findIndex((line) => /^(<{7}|={7}|>{7})/.test(line));
  if (conflict >= 0) return `line ${conflict + 1} holds the marks of an unfinished merge`;
  const mistake = firstMistake(text);
  if (!mistake) return undefined;
  const offset = isCutOff(text, mistake) ? text.length : mistake.offset;
  const before = text.slice(0, offset).split("\n");
  const where = `line ${before.length}, column ${before[before.length - 1].length + 1}`;
  if (offset >= text.trimEnd().length) return `the JSON breaks off at ${where}; the file is incomplete`;
  const line = text.split("\n")[before.length - 1].trim();
  return `broken JSON at ${where}, in: ${line.length > 60 ? `${line.slice(0, 60)}...` : line}`;
}

function firstMistake(text: string): ParseError | undefined {
  const mistakes: ParseError[] = [];
  try {
    parse(text, mistakes, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  } catch (error) {
    // jsonc-parser calls itself for each bracket, JSON.parse does not: some thousands of them end its stack.
    if (!(error instanceof RangeError)) throw error;
  }
  return mistakes[0];
}

/** Whether what is wrong is the beginning of something right that the end of the text cuts off. */
function isCutOff(text: string, { error, offset, length }: ParseError): boolean {
  if (offset + length < text.length) return false;
  const token = text.slice(offset);
  switch (printParseErrorCode(error)) {
    case "InvalidSymbol":
      return ["true", "false", "null", "-"].some((word) => word.startsWith(token));
    case "InvalidUnicode":
      return /\\u[\da-fA-F]{0,3}$/.test(token);
    default:
      return ["UnexpectedEndOfString", "UnexpectedEndOfNumber"].includes(printParseErrorCode(error));
  }
}
