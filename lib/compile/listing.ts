/** What a listing brings along itself, so that our headers step back where it does. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Short names of integers that our headers define unless the listing does. */
const TYPEDEFS = ["u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "bool"];

/** A local header that the listing includes by `#include "..."`. */
export interface LocalHeader {
  readonly path: string;
  readonly text: string;
}

export interface ListingTraits {
  readonly localHeaders: readonly LocalHeader[];
  readonly ownTypes: readonly string[];
  /** Helpers that the listing declares itself: `static void *(*bpf_map_lookup_elem)(...) = (void *)1;`. */
  readonly ownFunctions: readonly string[];
  /** Kernel functions that it declares itself: `extern void bpf_rcu_read_lock(void) __ksym;`. */
  readonly ownKfuncs: readonly string[];
  /** It states a license. */
  readonly hasLicense: boolean;
  /** It brings a `vmlinux.h`, which defines everything that ours would. */
  readonly hasVmlinux: boolean;
}

/**
 * Looks a listing over, without a compiler.
 *
 * @param source the C text
 * @param folders where its `#include "..."` are looked for
 */
export function inspectListing(source: string, folders: readonly string[]): ListingTraits {
  const localHeaders = findLocalHeaders(source, folders);
  const hasVmlinux = localHeaders.some(({ path }) => /(^|[/\\])vmlinux\.h$/.test(path));
  const code = [source, ...localHeaders.map((header) => header.text)].map(withoutComments).join("\n");
  return {
    localHeaders,
    hasVmlinux,
    ownTypes: hasVmlinux ? [] : ownTypes(code),
    ownFunctions: names(code, HELPER_POINTER),
    ownKfuncs: names(code, KFUNC),
    hasLicense: /"license"/.test(code),
  };
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|("(?:[^"\\\n]|\\.)*")/g, (_, literal) => literal ?? " ");
}

const HELPER_POINTER = /\(\s*\*\s*(?:const\s+)?(bpf_\w+)\s*\)\s*\(/g;
const KFUNC = /\bextern\b[^;{}()]*?\b(bpf_\w+)\s*\([^;{}]*;/g;
const TAGGED_TYPE = /\b(?:struct|union|enum)\s+(\w+)\s*(?:__attribute__[^{;]*)?\{/g;

const names = (code: string, pattern: RegExp): string[] => [
  ...new Set([...code.matchAll(pattern)].map((match) => match[1])),
];

/** Types that the listing defines: where our headers define one of the same name, they step back. */
function ownTypes(code: string): string[] {
  const typedefs = TYPEDEFS.filter((name) => new RegExp(`\\btypedef\\b[^;{}]*\\b${name}\\s*;`).test(code));
  return [...new Set([...typedefs, ...names(code, TAGGED_TYPE)])];
}

/** Local headers, and those that they include, each once. */
function findLocalHeaders(source: string, folders: readonly string[]): LocalHeader[] {
  const found = new Map<string, string>();
  const visit = (text: string, around: readonly string[]) => {
    for (const [, name] of text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm)) {
      const path = around.map((folder) => join(folder, name)).find((path) => existsSync(path));
      if (!path || found.has(path)) continue;
      const header = readFileSync(path, "utf8");
      found.set(path, header);
      visit(header, [dirname(path), ...folders]);
    }
  };
  visit(source, folders);
  return [...found].map(([path, text]) => ({ path, text }));
}
