/** News of something that takes long, for the terminal. */
import { terminal } from "../host/environment.ts";

let lastText = "";

/**
 * @param text what is going on
 * @param fraction how much of it is done, 0 to 1; `undefined` when it is not known
 */
export function reportProgress(text: string, fraction?: number): void {
  const done = fraction === 1;
  if (terminal.isTTY) {
    const percent = fraction === undefined ? "" : ` ${Math.floor(fraction * 100)} %`;
    terminal.write(`\r\x1b[K${text}${percent}${done ? "\n" : ""}`);
  } else if (text !== lastText) {
    terminal.write(`${text}\n`);
  }
  lastText = text;
}
