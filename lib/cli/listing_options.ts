/** Options of every command that takes a listing: how it is compiled, and what the loader is told. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { BpfOptions } from "../compile/bpf.ts";
import type { CompileOptions } from "../compile/compile.ts";
import { count } from "./arguments.ts";

/** What the options come to. */
export interface ListingOptions {
  readonly include: readonly string[];
  readonly define: readonly string[];
  readonly includeFile: readonly string[];
  readonly mcpu?: CompileOptions["cpu"];
  readonly maxEntries: Readonly<Record<string, number>>;
  readonly kconfig: Readonly<Record<string, string>>;
  readonly set: Readonly<Record<string, string>>;
}

const more = (one: string, all: readonly string[]): readonly string[] => [...all, one];

function pair(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("a name and a value are needed: NAME=VALUE");
  return [text.slice(0, at), text.slice(at + 1)];
}

function entries(text: string, all: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const [map, number] = pair(text);
  return { ...all, [map]: count(number) };
}

function config(text: string, all: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [name, value] = pair(text);
  return { ...all, [name]: value };
}

/** The compiler's options, by its names. */
export const withCompileOptions = (command: Command): Command =>
  command
    .option("-I, --include <folder>", "folder of headers, looked through before our own (may be repeated)", more, [])
    .option("-D, --define <macro>", "macro, NAME or NAME=VALUE (may be repeated)", more, [])
    .option("--include-file <file>", "file to read before the listing, as the compiler's -include", more, [])
    .addOption(
      new Option("--mcpu <version>", "instruction set (default: v3, or what a comment of the listing says)").choices([
        "v1",
        "v2",
        "v3",
        "v4",
      ]),
    );

/** The compiler's options and the loader's. */
export const withListingOptions = (command: Command): Command =>
  withCompileOptions(command)
    .option("--max-entries <map=n>", "size of a map (may be repeated)", entries, {})
    .option("--kconfig <name=value>", "the kernel's configuration: CONFIG_HZ=250 (may be repeated)", config, {})
    .option(
      "--set <variable=value>",
      "global variable before the object is loaded: filter=true (may be repeated)",
      config,
      {},
    );

/** Splits a command's options into those of its listing and the rest. */
export function listingOptions<T extends ListingOptions>(
  { include, define, includeFile, mcpu, maxEntries, kconfig, set, ...rest }: T,
): { readonly listing: BpfOptions; readonly rest: Omit<T, keyof ListingOptions> } {
  const sizes = Object.entries(maxEntries).map(([map, maxEntries]) => [map, { maxEntries }]);
  const listing = {
    includeDirs: include,
    defines: define,
    includeFiles: includeFile,
    ...(mcpu ? { cpu: mcpu } : {}),
    ...(sizes.length > 0 ? { maps: Object.fromEntries(sizes) } : {}),
    ...(Object.keys(kconfig).length > 0 ? { kconfig } : {}),
    ...(Object.keys(set).length > 0 ? { variables: set } : {}),
  };
  return { listing, rest };
}
