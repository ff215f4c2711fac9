/** Runs a program to its end and gives what it printed. */
import { spawn } from "node:child_process";
import process from "node:process";

export interface CommandResult {
  /** Exit status; -1 when a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to this process' own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Through the shell, as Windows needs for `npm.cmd`. */
  readonly shell?: boolean;
  /** Called with each whole line of standard output as it comes. */
  readonly onLine?: (line: string) => void;
}

/**
 * @returns `undefined` when there is no such program
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      shell: options.shell ?? false,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "", stderr = "", line = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      const lines = (line + text).split("\n");
      line = lines.pop()!;
      if (options.onLine) lines.forEach(options.onLine);
    });
    child.stderr.setEncoding("utf8").on("data", (text) => stderr += text);
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${command} did not finish within ${(options.timeoutMs ?? 0) / 1000} s`));
    }, options.timeoutMs);
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (error.code === "ENOENT" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status: status ?? -1, stdout, stderr });
    });
  });
}
