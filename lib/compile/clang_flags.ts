/** What clang is told of a listing, whichever clang it is: macros, folders of headers, and headers of our own making. */
import type { Listing } from "./compile.ts";
import type { ListingTraits } from "./listing.ts";

/** Where the compiler finds things. */
export interface Folders {
  /** Where it runs: the listing, and the {@link ownFiles}. */
  readonly listing: string;
  /** Our own `<linux/bpf.h>` and its kin. */
  readonly headers: string;
  /** Our own `vmlinux.h`, for a listing that wants it. */
  readonly kernelHeader: string | undefined;
  /** The reader's, as {@link Listing.includeDirs} names them. */
  readonly reader: readonly string[];
  /** Files read before the listing, likewise. */
  readonly included: readonly string[];
  /** The system's, looked through after all others. */
  readonly system: readonly string[];
}

/** Flags that clang's driver and its front end (`-cc1`) both take. */
export function languageFlags({ traits, defines }: Listing, folders: Folders): string[] {
  const ours = traits.ownTypes.map((name) => `-DINTERLEAVE_OWN_${name}`);
  if (!traits.hasLicense) ours.push("-DINTERLEAVE_NO_LICENSE");
  if (traits.ownFunctions.length + traits.ownKfuncs.length > 0) ours.push("-DINTERLEAVE_OWN_FUNCTIONS");
  if (traits.hasKernelTypes || traits.wantsVmlinux) ours.push("-DINTERLEAVE_KERNEL_TYPES");
  if (traits.hasVmlinux || traits.wantsVmlinux) ours.push("-DINTERLEAVE_VMLINUX");
  // With the kernel's types of its own, but for bool.
  const bool = traits.hasKernelTypes && !traits.hasVmlinux && !traits.ownTypes.includes("bool") ? ["stdbool.h"] : [];
  const first = traits.hasKernelTypes || traits.hasHelpers
    ? [...bool, ...folders.included]
    : [...(folders.kernelHeader ? ["vmlinux.h"] : []), "interleave.h", ...folders.included];
  return [
    // An undeclared function would become a call of nothing; a macro of ours that the listing has too is fine.
    ...["-std=gnu11", "-Werror=implicit-function-declaration", "-Wno-macro-redefined"],
    // Registers in contexts are those of x86-64; projects ask for the name that libbpf's makefiles give.
    ...[...ours, "-D__TARGET_ARCH_x86", ...defines.map((macro) => `-D${macro}`)],
    ...folders.reader.flatMap((dir) => ["-iquote", dir, "-I", dir]),
    ...["-iquote", folders.listing, ...(folders.kernelHeader ? ["-I", folders.kernelHeader] : [])],
    ...["-I", folders.headers, ...folders.system.flatMap((dir) => ["-idirafter", dir])],
    ...[...(traits.wantsMemcmp ? [MEMCMP_HEADER] : []), ...first].flatMap((file) => ["-include", file]),
  ];
}

/** Compilers that make no instructions of `__builtin_memcmp` call a function of that name: this one. */
const MEMCMP_HEADER = "interleave_memcmp.h";
const MEMCMP =
  `static inline __attribute__((always_inline, unused)) int memcmp(const void *a, const void *b, __SIZE_TYPE__ n)
{
	const unsigned char *x = a, *y = b;
	for (__SIZE_TYPE__ i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}
`;

/**
 * Headers made for one listing, by name. Helpers and kernel functions that the listing declares itself get another name
 * while our header declares its own; a kernel function may be called like a struct (bpf_res_spin_lock), which keeps its
 * name.
 */
export function ownFiles({ ownFunctions, ownKfuncs, wantsMemcmp }: ListingTraits): Record<string, string> {
  const kfuncs = ownKfuncs.filter((name) => !ownFunctions.includes(name));
  const begin = [
    ...ownFunctions.map((name) => `#define ${name} interleave_own_${name}\n`),
    ...kfuncs.map((name) => `#define ${name}(...) interleave_own_${name}(__VA_ARGS__)\n`),
  ];
  const end = [...ownFunctions, ...kfuncs].map((name) => `#undef ${name}\n`);
  return {
    "own_functions_begin.h": begin.join(""),
    "own_functions_end.h": end.join(""),
    ...(wantsMemcmp ? { [MEMCMP_HEADER]: MEMCMP } : {}),
  };
}
