/** Paths as this computer writes them. */
export { basename, dirname, join, resolve } from "node:path";
