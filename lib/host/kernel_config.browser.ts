/** A page has no kernel underneath whose configuration programs could see. */
import type { RunningKernel } from "./kernel_config.ts";

export type { RunningKernel };

export const runningKernel = (): RunningKernel | undefined => undefined;
