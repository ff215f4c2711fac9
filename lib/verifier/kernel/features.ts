/**
 * What a program uses that kernels may judge differently: an older kernel's verdict is told only of programs that use
 * nothing but what our rules and its recorded verdicts agree on (`followed_features.json`).
 */
import { assetText } from "../../host/assets.ts";
import { BPF_PSEUDO, isAtomic, isBpfCall, isCall, isHelperCall, isKfuncCall, isWide } from "../../isa/insn.ts";
import type { Program } from "../../object/bpf_object.ts";
import { helperLabel } from "../../uapi/helpers.ts";
import { mapTypeName } from "../../uapi/map_types.ts";
import { type KernelRelease, NEWEST } from "../../uapi/releases.ts";
import type { CreatedMaps } from "./map_creation.ts";
import { programKind } from "./program_types.ts";

let followed: Partial<Record<KernelRelease, ReadonlySet<string>>> | undefined;

function followedIn(kernel: KernelRelease): ReadonlySet<string> {
  followed ??= Object.fromEntries(
    Object.entries(JSON.parse(assetText("verifier/kernel/followed_features.json")) as Record<string, string[]>)
      .map(([release, features]) => [release, new Set(features)]),
  );
  return followed[kernel] ?? new Set();
}

/** The first thing that a program uses of which it is not known what an older kernel says. */
export function unfollowedFeature(
  program: Program,
  created: CreatedMaps,
  kernel: KernelRelease,
): string | undefined {
  if (kernel === NEWEST) return undefined;
  const known = followedIn(kernel);
  return featuresOf(program, created).find((feature) => !known.has(feature));
}

/** Names for people, each once. */
export function featuresOf(program: Program, created: CreatedMaps): string[] {
  const kind = programKind(program.section), type = kind?.helpers ?? program.section;
  const sleepable = kind?.isSleepable ? " that may sleep" : "";
  const features = [`programs of type ${type}${sleepable}`];
  // An instruction's code alone for most; what it does depends on more for the others.
  let isSecondHalf = false;
  for (const insn of program.insns) {
    if (isSecondHalf) {
      isSecondHalf = false;
      continue;
    }
    isSecondHalf = isWide(insn);
    const code = `instruction ${insn.opcode.toString(16).padStart(2, "0")}`;
    if (isHelperCall(insn)) features.push(`${helperLabel(insn.imm)} in ${type}`);
    else if (isAtomic(insn)) features.push(`${code} operation ${insn.imm.toString(16)}`);
    else if (isCall(insn) && !isBpfCall(insn) && !isKfuncCall(insn)) features.push(`${code} source ${insn.src}`);
    else if (isWide(insn)) features.push(insn.src === BPF_PSEUDO.FUNC ? "callbacks" : `${code} source ${insn.src}`);
    else if (/[4567c]$/.test(code) && insn.off !== 0 && !/5$/.test(code)) features.push(`${code} offset ${insn.off}`);
    else features.push(code);
  }
  if (program.subprogs.length > 1) {
    features.push(program.subprogs.slice(1).some(({ global }) => global) ? "global functions" : "static functions");
  }
  for (const relocation of program.relocations) {
    if (relocation.kind === "extern") features.push(`${relocation.isWeak ? "weak " : ""}${relocation.name}`);
    if (relocation.kind !== "map" && relocation.kind !== "mapValue") continue;
    const map = created.maps[relocation.map];
    if (!map) continue;
    features.push(`${map.inner ? "maps of " : ""}${mapTypeName(map.type)}, flags ${map.flags}`);
    features.push(...map.fields.map(({ kind }) => `${kind} in ${mapTypeName(map.type)}`));
  }
  if (program.coreRelocations) features.push(`CO-RE relocations in ${type}`);
  return [...new Set(features)];
}
