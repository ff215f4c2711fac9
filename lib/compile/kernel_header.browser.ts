/** A page compiles nothing: of our `vmlinux.h` it needs to know only which one it is, to find objects made with it. */
import { assetText } from "../host/assets.ts";

/** The bundle's builder writes it (tasks/npm/asset_bundle.ts). */
export const kernelHeaderKey = (): string => assetText("compile/vmlinux.h.key");
