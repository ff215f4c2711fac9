/** Whether real threads can be used here. */
import { BackendError } from "../../host/backend_error.ts";
import { parallelism } from "../../host/environment.ts";
import { hasWorkers } from "../../host/workers.ts";
import { type Availability, whyNot } from "../backend.ts";

/** Threads need workers that share memory, and two CPUs to run on at once. */
export function threadsAvailable(): Availability {
  if (!hasWorkers) {
    return {
      available: false,
      reason: "this is a page, whose threads share no memory unless its server says so",
      remedy: "run it in Deno or Node",
    };
  }
  if (parallelism() < 2) {
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
