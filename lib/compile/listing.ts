/** What a listing brings along itself, so that our headers step back where it does. */
import { assetNames } from "../host/assets.ts";
import { fileExists, readText } from "../host/files.ts";
import { dirname, join } from "../host/paths.ts";

/** Short names of integers that our headers define unless the listing does. */
const TYPEDEFS = ["u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "bool"];

/** A header of the reader's that the listing includes. */
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
  /** It compares memory with a function that no BPF program can call, and that older compilers leave a call. */
  readonly wantsMemcmp: boolean;
  /** It states a license. */
  readonly hasLicense: boolean;
  /** It brings a `vmlinux.h`, which defines everything that ours would. */
  readonly hasVmlinux: boolean;
  /** It brings one, or another header that defines what our <linux/bpf.h> would. */
  readonly hasKernelTypes: boolean;
  /** It brings a `bpf_helpers.h`. */
  readonly hasHelpers: boolean;
  /** It includes a `vmlinux.h` and brings none: ours is meant. */
  readonly wantsVmlinux: boolean;
}

/**
 * Looks a listing over, without a compiler.
 *
 * @param source the C text
 * @param folders where its headers are looked for before ours
 * @param included files that are read before its first line
 */
export function inspectListing(
  source: string,
  folders: readonly string[],
  included: readonly string[] = [],
): ListingTraits {
  const { headers: localHeaders, missing } = findLocalHeaders(source, folders, included);
  // A project may call a few structs of its own so; a kernel's header has the kernel's types, itself or in a header beside.
  const hasVmlinux = localHeaders.some(({ path }) => isCalled(path, "vmlinux.h")) &&
    localHeaders.some(({ text }) => KERNELS_BOOL.test(text));
  // A kernel's own header is megabytes of types; it has no helpers, functions or license to look for.
  const texts = localHeaders.filter(({ path }) => !isCalled(path, "vmlinux.h")).map(({ text }) => text);
  const headers = texts.map(withoutComments), code = [withoutComments(source), ...headers].join("\n");
  const hasKernelTypes = hasVmlinux || headers.some((text) => KERNEL_TYPES.test(text));
  const hasHelpers = localHeaders.some(({ path }) => isCalled(path, "bpf_helpers.h"));
  return {
    localHeaders,
    hasKernelTypes,
    hasHelpers,
    wantsVmlinux: !hasKernelTypes && missing.has("vmlinux.h"),
    hasVmlinux,
    ownTypes: hasVmlinux ? [] : ownTypes(code),
    ownFunctions: names(code, HELPER_POINTER),
    ownKfuncs: names(code, KFUNC),
    wantsMemcmp: /\b(__builtin_)?memcmp\b/.test(code) && !OWN_MEMCMP.test(code),
    hasLicense: /"license"/.test(code),
  };
}

const isCalled = (path: string, name: string): boolean => path.split(/[/\\]/).at(-1) === name;

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|("(?:[^"\\\n]|\\.)*")/g, (_, literal) => literal ?? " ");
}

const KERNELS_BOOL = /\btypedef\s+_Bool\s+bool\s*;/;
const KERNEL_TYPES = /\benum\s+bpf_map_type\s*\{/;
const HELPER_POINTER = /\(\s*\*\s*(?:const\s+)?(bpf_\w+)\s*\)\s*\(/g;
const KFUNC = /\bextern\b[^;{}()]*?\b(bpf_\w+)\s*\([^;{}]*;/g;
const OWN_MEMCMP = /\bmemcmp\s*\([^;{}]*\)\s*\{/;
const TAGGED_TYPE = /\b(?:struct|union|enum)\s+(\w+)\s*(?:__attribute__[^{;]*)?\{/g;

const names = (code: string, pattern: RegExp): string[] => [
  ...new Set([...code.matchAll(pattern)].map((match) => match[1])),
];

/** Types that the listing defines: where our headers define one of the same name, they step back. */
function ownTypes(code: string): string[] {
  const typedefs = TYPEDEFS.filter((name) => new RegExp(`\\btypedef\\b[^;{}]*\\b${name}\\s*;`).test(code));
  return [...new Set([...typedefs, ...names(code, TAGGED_TYPE)])];
}

/** The reader's headers, and those that they include, each once; and the names of those that the reader does not have. */
function findLocalHeaders(
  source: string,
  folders: readonly string[],
  included: readonly string[],
): { headers: LocalHeader[]; missing: ReadonlySet<string> } {
  const found = new Map<string, string>(), missing = new Set<string>();
  const read = (path: string) => {
    if (found.has(path)) return;
    const header = readText(path);
    found.set(path, header);
    visit(header, dirname(path));
  };
  const visit = (text: string, here?: string) => {
    for (const [, quoted, angled] of text.matchAll(INCLUDE)) {
      const name = quoted ?? angled, around = quoted && here ? [here, ...folders] : folders;
      const path = around.map((folder) => join(folder, name)).find((path) => fileExists(path));
      if (path) read(path);
      else missing.add(name);
    }
  };
  for (const path of included) if (fileExists(path)) read(path);
  visit(source);
  return { headers: [...found].map(([path, text]) => ({ path, text })), missing };
}

const INCLUDE = /^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)/gm;

/**
 * Headers that a listing, or a header of the reader's, includes and that are found in none of the reader's folders nor
 * among ours; and those that they include.
 *
 * @param folders the system's
 * @returns texts by path
 */
export function headersBeyond(
  source: string,
  localHeaders: readonly LocalHeader[],
  folders: readonly string[],
): Map<string, string> {
  const found = new Map<string, string>(), ours = new Set(assetNames("compile/include"));
  const visit = (text: string) => {
    for (const [, quoted, angled] of text.matchAll(INCLUDE)) {
      const name = quoted ?? angled,
        path = folders.map((folder) => join(folder, name)).find((path) => fileExists(path));
      if (ours.has(name) || !path || found.has(path)) continue;
      const header = readText(path);
      found.set(path, header);
      visit(header);
    }
  };
  visit(source);
  for (const { text } of localHeaders) visit(text);
  return found;
}
