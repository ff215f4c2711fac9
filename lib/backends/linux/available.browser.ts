/** A page reaches no kernel. */
import { platform } from "../../host/environment.ts";
import type { Availability } from "../backend.ts";

export const linuxAvailable = (): Availability => ({
  available: false,
  reason: `this is ${platform}, not Linux`,
  remedy: "run it in a Linux virtual machine; recorded figures stand in its place",
});
