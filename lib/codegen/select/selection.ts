/** What the pages of this folder share while they choose a function's instructions. */
import type { Metadata } from "../../llvm/metadata.ts";
import type { Function, Instruction, Module, Value } from "../../llvm/module.ts";
import { bitsOf } from "../data_layout.ts";
import type { Facts } from "../facts.ts";
import type { Features } from "../features.ts";
import type { MachineBlock, Register } from "../machine.ts";
import { ImpossibleError, UnsupportedError } from "../unsupported.ts";
import type { Builder } from "./builder.ts";

export interface Selection {
  readonly module: Module;
  readonly metadata: Metadata;
  readonly fn: Function;
  readonly features: Features;
  readonly facts: Facts;
  readonly builder: Builder;
  readonly blocks: ReadonlyMap<string, MachineBlock>;
  /** Registers of values that have one of their own. */
  readonly registers: Map<string, Register>;
  /** What the current block has already made: constants, addresses, extended values, by a key. */
  made: Map<string, Register>;
  /** Stack slots of `alloca`s. */
  readonly slots: ReadonlyMap<string, number>;
}

export function refuse(s: Selection, reason: string): never {
  throw new UnsupportedError(reason, s.builder.location, s.fn.name);
}

/** Refuses what clang refuses too. */
export function refuseAsClang(s: Selection, reason: string): never {
  throw new ImpossibleError(reason, s.builder.location, s.fn.name);
}

export const definitionOf = (s: Selection, value: Value): Instruction | undefined =>
  value.kind === "local" ? s.facts.definitions.get(value.name) : undefined;

/** A constant as the number that its register is to hold; `undefined` for what is no number. */
export function numberOf(s: Selection, value: Value): bigint | undefined {
  switch (value.kind) {
    case "integer": {
      const bits = bitsOf(value.type);
      if (bits > 64) return refuse(s, `a number of ${bits} bits`);
      return bits === 32 && !s.features.alu32 ? BigInt.asIntN(32, value.value) : value.value;
    }
    case "null":
    case "zero":
    case "undef":
    case "poison":
      bitsOf(value.type);
      return 0n;
    case "expression":
      if (value.opcode === "inttoptr" || value.opcode === "ptrtoint") return numberOf(s, value.operands[0]);
      return undefined;
    default:
      return undefined;
  }
}
