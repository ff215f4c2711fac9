/** Runs a program in the project's folder, and reads what a running one says. */
import { type CommandOptions, runCommand as run } from "../../host/run_command.ts";
import { PROJECT } from "./places.ts";

export interface Ended {
  /** 127 when the program could not be started at all. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end in the project's folder and keeps what it says. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: Pick<CommandOptions, "env" | "onLine"> = {},
): Promise<Ended> {
  const result = await run(command, args, { ...options, cwd: PROJECT });
  if (!result) return { code: 127, stdout: "", stderr: `${command} could not be started` };
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
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
