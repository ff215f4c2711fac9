/** A page has no kernel to run on: what a session would need is not even loaded. */
import { BackendError } from "../../host/backend_error.ts";
import { whyNot } from "../backend.ts";
import { linuxAvailable } from "./available.ts";

export class RefusedByKernel extends BackendError {
  override name = "RefusedByKernel";
}

export class LinuxSession {
  constructor() {
    throw new BackendError(`no running kernel to use: ${whyNot(linuxAvailable())}`);
  }
}
