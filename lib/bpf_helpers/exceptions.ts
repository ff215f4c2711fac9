/** Exceptions of programs (kernel/bpf/helpers.c). */
import { faultWith } from "../maps/source.ts";
import type { HelperModel } from "./kernel.ts";

/** The tag of __exception_cb(function) on a program (kernel/bpf/btf.c:btf_prepare_func_args, libbpf). */
const CALLBACK_TAG = "exception_callback:";

/** bpf_throw(cookie): the program ends at once and returns the cookie. Callbacks for exceptions have no model. */
export const bpf_throw: HelperModel = function* (kernel, _ctx, [cookie]) {
  const { types = [] } = kernel.object.btf ?? {};
  if (types.some(({ kind, name }) => kind === "decl_tag" && name.startsWith(CALLBACK_TAG))) {
    return yield* faultWith("bpf_throw: an exception callback, which the simulator does not model");
  }
  yield { kind: "throw", value: cookie };
  throw new Error("a run went on after bpf_throw");
};
