/** Where news of something that takes long goes: the terminal, unless a notebook says otherwise. */
import process from "node:process";

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
  const { stderr } = process;
  const done = fraction === 1;
  if (stderr.isTTY) {
    const percent = fraction === undefined ? "" : ` ${Math.floor(fraction * 100)} %`;
    stderr.write(`\r\x1b[K${text}${percent}${done ? "\n" : ""}`);
  } else if (text !== lastText) {
    stderr.write(`${text}\n`);
  }
  lastText = text;
}
