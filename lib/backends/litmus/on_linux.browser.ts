/** A page has no kernel to run litmus tests in. */
import { BackendError } from "../../host/backend_error.ts";
import { whyNot } from "../backend.ts";
import { linuxAvailable } from "../linux/available.ts";

export function litmusOnLinux(): never {
  throw new BackendError(`no running kernel to use: ${whyNot(linuxAvailable())}`);
}
