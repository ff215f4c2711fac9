/** What a listing brings along itself, so that our headers step back where it does. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Types that our headers define unless the listing does. */
const GUARDED_TYPES = [
  ...["u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "bool"],
  ...["bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_dynptr", "bpf_raw_tracepoint_args", "task_struct"],
  ...["__sk_buff", "xdp_md", "bpf_map_type", "xdp_action", "sk_action"],
];

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
    ownTypes: hasVmlinux ? [] : GUARDED_TYPES.filter((name) => definesType(code, name)),
    ownFunctions: [
      ...new Set([...code.matchAll(/\(\s*\*\s*(?:const\s+)?(bpf_\w+)\s*\)\s*\(/g)].map((match) => match[1])),
    ],
    hasLicense: /"license"/.test(code),
  };
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|("(?:[^"\\\n]|\\.)*")/g, (_, literal) => literal ?? " ");
}

function definesType(code: string, name: string): boolean {
  return new RegExp(`\\b(?:struct|union|enum)\\s+${name}\\s*(?:__attribute__[^{;]*)?\\{`).test(code) ||
    new RegExp(`\\btypedef\\b[^;{}]*\\b${name}\\s*;`).test(code);
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
