/** What the loader (loader.c) says, read. */

/** What a kernel said of one program that it was asked to load. */
export interface Answer {
  /** Its number in the list. */
  readonly number: number;
  /** 0: loaded. */
  readonly errno: number;
  /** The end of the verifier's log, and libbpf's messages; empty when loaded. */
  readonly log: string;
  readonly messages: string;
}

export interface Answers {
  /** `uname -r`, `-m` and `-v`. */
  readonly release: string;
  readonly arch: string;
  readonly version: string;
  /** Kernel functions that were asked for and are there. */
  readonly functions: readonly string[];
  readonly answers: readonly Answer[];
  /** Whether the loader came to the end of its list. */
  readonly isComplete: boolean;
}

const LINE_END = 10;

/** @throws Error where the bytes do not begin as the loader's answers do */
export function parseAnswers(bytes: Uint8Array): Answers {
  const text = new TextDecoder(), answers: Answer[] = [], functions: string[] = [];
  let at = 0;
  const line = (): string => {
    const end = bytes.indexOf(LINE_END, at);
    const found = text.decode(bytes.subarray(at, end < 0 ? bytes.length : end));
    at = end < 0 ? bytes.length : end + 1;
    return found;
  };
  const kernel = /^# (\S+) (\S+) (.*)$/.exec(line());
  if (!kernel) throw new Error("the kernel did not start, or its loader did not: nothing came from it");
  let head = line();
  for (; head.startsWith("? "); head = line()) functions.push(head.slice(2));
  for (; head.startsWith("@ "); head = line()) {
    const [number, errno, logBytes, messageBytes] = head.slice(2).split(" ").map(Number);
    if (at + logBytes + messageBytes >= bytes.length) break;
    const log = text.decode(bytes.subarray(at, at + logBytes));
    const messages = text.decode(bytes.subarray(at + logBytes, at + logBytes + messageBytes));
    answers.push({ number, errno, log, messages });
    at += logBytes + messageBytes + 1;
  }
  return { release: kernel[1], arch: kernel[2], version: kernel[3], functions, answers, isComplete: head === "# end" };
}
