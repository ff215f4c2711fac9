/** Runs a program to its end and keeps what it says. */
import { PROJECT } from "./places.ts";

export interface Ended {
  /** 127 when the program could not be started at all. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param onLine Called with each line of standard output as it comes. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { env = {}, onLine = () => {} }: { env?: Record<string, string>; onLine?: (line: string) => void } = {},
): Promise<Ended> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command, {
      args: [...args],
      cwd: PROJECT,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    return { code: 127, stdout: "", stderr: (error as Error).message };
  }
  const [stdout, stderr, { code }] = await Promise.all([
    readText(child.stdout, onLine),
    readText(child.stderr, () => {}),
    child.status,
  ]);
  return { code, stdout, stderr };
}

/** Reads to the end; `onLine` gets each line as it comes. */
export async function readText(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let line = "";
  for await (const chunk of stream) {
    const piece = decoder.decode(chunk, { stream: true });
    text += piece;
    const lines = (line + piece).split("\n");
    line = lines.pop()!;
    lines.forEach(onLine);
  }
  return text;
}
