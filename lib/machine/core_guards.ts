/**
 * A program's questions to the kernel whether it has a field, a type or a constant (bpf_core_field_exists and its kin):
 * answered as for the verifier, so that the simulated CPUs take the branch that a 6.18 kernel's would. Where a field is
 * stays as it was compiled: simulated contexts have the layout of the listing's own types.
 */
import type { Insn } from "../isa/insn.ts";
import type { Program } from "../object/bpf_object.ts";
import type { Btf } from "../object/btf.ts";
import { relocate } from "../verifier/kernel/core_relocations.ts";

/** enum bpf_core_relo_kind: FIELD_EXISTS, TYPE_EXISTS, ENUMVAL_EXISTS, TYPE_MATCHES. */
const GUARDS: readonly number[] = [2, 8, 10, 12];

/** The instructions with the answers in them. */
export function withGuards(program: Program, btf: Btf | undefined): readonly Insn[] {
  const coreRelocations = program.coreRelocations?.filter(({ kind }) => GUARDS.includes(kind)) ?? [];
  return coreRelocations.length === 0 ? program.insns : relocate({ ...program, coreRelocations }, btf).insns;
}
