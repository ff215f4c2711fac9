/** A page has no process; what can be known of the computer is its number of processors. */

export const platform: string = "browser";
export const isDeno: boolean = false;
export const environmentVariable = (_name: string): string | undefined => undefined;
export const kernelRelease = (): string => "unknown";
export const processorName = (): string => "unknown";
export const parallelism = (): number => globalThis.navigator?.hardwareConcurrency ?? 1;
export const cpuTimeUs = (): number => performance.now() * 1000;

/** A page's console would keep every state of a bar. */
export const terminal = {
  get isTTY(): boolean {
    return false;
  },
  write(_text: string): void {},
};
