/** Where news of something that takes long goes: the terminal, unless a notebook says otherwise. */
import { terminal } from "../host/environment.ts";

/**
 * @param text what is going on
 * @param fraction how much of it is done, 0 to 1; `undefined` when it is not known
 */
export type ReportProgress = (text: string, fraction?: number) => void;

let report: ReportProgress = toTerminal;

/** Sends progress somewhere else; gives what it replaced. */
export function setProgressReporter(next: ReportProgress): ReportProgress {
  const before = report;
  report = next;
  return before;
}

export function reportProgress(text: string, fraction?: number): void {
  report(text, fraction);
}

let lastText = "";

function toTerminal(text: string, fraction?: number): void {
  const done = fraction === 1;
  if (terminal.isTTY) {
    const percent = fraction === undefined ? "" : ` ${Math.floor(fraction * 100)} %`;
    terminal.write(`\r\x1b[K${text}${percent}${done ? "\n" : ""}`);
  } else if (text !== lastText) {
    terminal.write(`${text}\n`);
  }
  lastText = text;
}
