/** Paths as this computer writes them. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

export { basename, dirname, join, resolve } from "node:path";

/** The address under which a file can be imported. */
export const fileAddress = (path: string): string => pathToFileURL(resolve(path)).href;
