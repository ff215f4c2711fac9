/** Any value as text, as this host prints it. */
export { inspect } from "node:util";
