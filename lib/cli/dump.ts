/** `dump FILE`: every program of a listing or an object, as the verifier's log would show it. */
import { Command } from "commander";
import process from "node:process";
import { bpf } from "../compile/bpf.ts";
import { disassembleObject, listProgram } from "../object/program_listing.ts";
import type { BpfObject, MapDef } from "../object/bpf_object.ts";
import { type ListingOptions, listingOptions, withListingOptions } from "./listing_options.ts";

export function command(): Command {
  return withListingOptions(new Command("dump"))
    .summary("disassembly with C lines")
    .argument("<file>", "C listing (.c) or object file (.o), or - for standard input")
    .option("--json", "programs, instructions and maps as JSON")
    .action(async (file: string, options: ListingOptions & { json?: boolean }) => {
      const object = await bpf.file(file, listingOptions(options).listing);
      process.stdout.write(options.json ? JSON.stringify(describe(object)) + "\n" : disassembleObject(object));
    });
}

function describe(object: BpfObject) {
  return {
    name: object.name,
    license: object.license,
    maps: object.maps.map(describeMap),
    programs: object.programs.map((program) => ({
      name: program.name,
      section: program.section,
      subprogs: program.subprogs,
      insns: listProgram(program, object.maps).map(({ insn, opcode, text, line }) => ({ insn, opcode, text, line })),
    })),
  };
}

function describeMap({ name, type, keySize, valueSize, maxEntries, flags, data }: MapDef) {
  return { name, type, keySize, valueSize, maxEntries, flags, variables: data?.variables };
}
