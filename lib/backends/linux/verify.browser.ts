/** A page has no kernel whose verifier could be asked. */
import { BackendError } from "../../host/backend_error.ts";
import { whyNot } from "../backend.ts";
import { linuxAvailable } from "./available.ts";

export function linuxVerify(object: { readonly bytes?: unknown }): never {
  if (!(object?.bytes instanceof Uint8Array)) throw new BackendError("linuxVerify takes what await bpf`...` gives");
  throw new BackendError(`the running kernel cannot be asked: ${whyNot(linuxAvailable())}`);
}
