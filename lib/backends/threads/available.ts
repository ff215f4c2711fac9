/** Whether real threads can be used here. */
import { availableParallelism } from "node:os";
import { BackendError } from "../../host/backend_error.ts";
import { type Availability, whyNot } from "../backend.ts";

/** Threads need Deno's workers (which read TypeScript) and two CPUs to run on at once. */
export function threadsAvailable(): Availability {
  if (typeof Deno === "undefined") {
    return {
      available: false,
      reason: "this is not Deno, whose workers run the project's own modules",
      remedy: "npx -y deno@2.8.1 task test",
    };
  }
  if (availableParallelism() < 2) {
    return {
      available: false,
      reason: "this computer gives one CPU, so that no two threads run at the same time",
      remedy: "use a computer or container with at least two CPUs",
    };
  }
  return { available: true };
}

/** @throws BackendError where threads cannot be used, with the reason and what helps */
export function requireThreads(): void {
  const availability = threadsAvailable();
  if (!availability.available) throw new BackendError(`no threads to run on: ${whyNot(availability)}`);
}
