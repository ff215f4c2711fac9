/** Files of other packages in a page: those that were provided (host/page.ts). */
import { providedPackageFiles } from "./provided.ts";

export const packageFile = (name: string): Uint8Array | undefined => providedPackageFiles.bytes(name);

export const hasPackageFile = (name: string): boolean => packageFile(name) !== undefined;
