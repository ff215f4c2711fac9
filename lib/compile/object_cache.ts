/** Compiled objects by content: those that come with the project first, then those compiled on this machine. */
import { assetNames, assetText } from "../host/assets.ts";
import { sha256Hex } from "../host/hash.ts";
import type { Diagnostic } from "./compile_error.ts";
import { shippedFile } from "./shipped_files.ts";

export { cachedObject, keepObject } from "./kept_objects.ts";

/** Changes when the way in which objects are made changes. */
const FORMAT = "interleave object 1";
const DIGITS = 16;

/** Names what an object is made of, without the compiler and without the listing's name. */
export function contentKey(parts: readonly string[]): string {
  const marked = [...parts, ...ownHeaders()].flatMap((part) => [`\0${part.length}\0`, part]);
  return sha256Hex(FORMAT, ...marked).slice(0, DIGITS);
}

let headers: string[] | undefined;

function ownHeaders(): string[] {
  return headers ??= assetNames("compile/include").filter((name) => name.endsWith(".h")).sort()
    .map((name) => assetText(`compile/include/${name}`).replaceAll("\r\n", "\n"));
}

/** The object of a content key that came with the project: `<stem>.<key>.o`. */
export const shippedObject = (key: string): Promise<Uint8Array | undefined> => shippedFile(`.${key}.o`);

/** What the compiler says of a listing that is there to show what does not compile: `<stem>.<key>.refused.json`. */
export interface Refusal {
  readonly compiler: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** The refusal of a content key that came with the project. */
export async function shippedRefusal(key: string): Promise<Refusal | undefined> {
  const bytes = await shippedFile(`.${key}.refused.json`);
  return bytes && JSON.parse(new TextDecoder().decode(bytes)) as Refusal;
}
