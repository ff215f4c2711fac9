/** The process and the operating system underneath. */
import { availableParallelism, machine, release } from "node:os";
import process from "node:process";

/** `linux`, `darwin`, `win32`; `browser` in a page. */
export const platform: string = process.platform;

/** Whether this is Deno, whose FFI the machine `linux` needs. */
export const isDeno: boolean = typeof Deno !== "undefined";

export const environmentVariable = (name: string): string | undefined => process.env[name];

/** Release of the operating system's kernel: `6.18.44`. */
export const kernelRelease = (): string => release();

/** What the kernel calls the processor: `x86_64`. */
export const processorName = (): string => machine();

/** How many threads of this computer can run at once. */
export const parallelism = (): number => availableParallelism();

/** Microseconds that the calling thread (where that is not known: the process) has been on a CPU. */
export function cpuTimeUs(): number {
  const { user, system } = (process.threadCpuUsage ?? process.cpuUsage)();
  return user + system;
}

/** Where news for a person goes; a terminal rewrites its line, a file gets lines. */
export const terminal = {
  get isTTY(): boolean {
    return process.stderr.isTTY ?? false;
  },
  write(text: string): void {
    process.stderr.write(text);
  },
};
