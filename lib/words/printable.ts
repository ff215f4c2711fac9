/** Text from outside (an object's names, what a program prints) made safe to show: it is data, never a command. */

/**
 * What a terminal or a page may take for a command: C0 and C1 controls but tab and line feed, DEL, and the characters
 * that turn the direction of writing or have no width, with which text can be made to look like another.
 */
const COMMANDS = /(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * The text with everything that is not to be seen written out, as C writes it: ESC is `\x1b`.
 *
 * @example
 * ```ts
 * import { printable } from "./printable.ts";
 * if (printable("a\u001b[2Jb") !== "a\\x1b[2Jb") throw new Error("a name would clear the screen");
 * ```
 */
export function printable(text: string): string {
  return text.replace(COMMANDS, (character) => {
    const code = character.codePointAt(0)!;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}
