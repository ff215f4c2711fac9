/** Symbols of the running kernel that it can find the addresses of (kernel/kallsyms.c:kallsyms_lookup_name). */
import { readText } from "../../host/files.ts";

const SYMBOLS = "/proc/kallsyms";

let text: string | undefined;

/**
 * Whether the kernel finds a symbol: variables are among its symbols only with CONFIG_KALLSYMS_ALL.
 *
 * @returns undefined where the list cannot be read
 */
export function hasSymbol(name: string): boolean | undefined {
  text ??= read();
  if (text === "") return undefined;
  return text.includes(` ${name}\n`) || text.includes(` ${name}\t`);
}

function read(): string {
  try {
    return readText(SYMBOLS);
  } catch {
    return "";
  }
}
