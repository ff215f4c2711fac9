/**
 * Prototypes of the kernel's functions, as programs meet them in ctx: of what fentry, fexit, LSM and iterator programs
 * are attached to. From the running kernel's BTF, else from `hooks.txt`.
 */
import { assetText } from "../../host/assets.ts";
import type { Btf, BtfType } from "../../object/btf.ts";
import { resolveType } from "../../object/btf_types.ts";
import { isAggregate } from "./describe_types.ts";
import { kernelBtf } from "./kernel_btf.ts";

/** What a function takes or gives back, as kernel/bpf/btf.c:btf_ctx_access tells them apart. */
export interface HookValue {
  /** A number (or a pointer that is one to the verifier), a struct by value, a pointer to a struct, nothing. */
  readonly kind: "integer" | "pointer" | "value" | "struct" | "void";
  /** The struct that a pointer points to. */
  readonly type?: string;
  /** 8-byte words of ctx that it takes. */
  readonly words: number;
  /** Its name ends in `__nullable`. */
  readonly mayBeNull: boolean;
}

export interface Hook {
  readonly args: readonly HookValue[];
  readonly returns: HookValue;
}

/** A function of the kernel; `"missing"`: the running kernel has none of that name; undefined: there is no telling. */
export function kernelHook(name: string): Hook | "missing" | undefined {
  const btf = kernelBtf();
  if (!btf) return tableOfHooks().get(name);
  const found = btf.find(name, "func");
  return found ? hookOf(btf, found) : "missing";
}

export function hookOf(btf: Btf, fn: BtfType): Hook {
  const proto = resolveType(btf, fn.type ?? 0);
  return {
    args: (proto.params ?? []).map(({ name, type }) => valueOf(btf, type, name.endsWith("__nullable"))),
    returns: valueOf(btf, proto.type ?? 0, false),
  };
}

function valueOf(btf: Btf, id: number, mayBeNull: boolean): HookValue {
  const type = resolveType(btf, id);
  if (type.kind === "void") return { kind: "void", words: 0, mayBeNull };
  if (isAggregate(type)) return { kind: "value", words: Math.ceil((type.size ?? 0) / 8), mayBeNull };
  if (type.kind !== "ptr") return { kind: "integer", words: Math.ceil((type.size ?? 8) / 8), mayBeNull };
  const target = resolveType(btf, type.type ?? 0);
  return target.kind === "struct"
    ? { kind: "struct", type: target.name, words: 1, mayBeNull }
    : { kind: "pointer", words: 1, mayBeNull };
}

let table: Map<string, Hook> | undefined;

function tableOfHooks(): Map<string, Hook> {
  return table ??= readHooks(assetText("verifier/kernel/hooks.txt"));
}

/** Lines of a name, what the function gives back, and its arguments; those that begin with # are for people. */
export function readHooks(text: string): Map<string, Hook> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const [name, returns, ...args] = line.split(" ");
    return [name, { args: args.map(readValue), returns: readValue(returns) }];
  }));
}

export const hookText = (name: string, { args, returns }: Hook): string =>
  [name, writeValue(returns), ...args.map(writeValue)].join(" ");

const SHORT = { integer: "i", pointer: "p", value: "v", void: "-" } as const;

/** `i`, `i2` for a number of two words, `p`, `v3` for a struct of three words, `*sock`, `-`; `?` behind what may be NULL. */
function writeValue({ kind, type, words, mayBeNull }: HookValue): string {
  const text = kind === "struct" ? `*${type}` : `${SHORT[kind]}${words > 1 ? words : ""}`;
  return mayBeNull ? `${text}?` : text;
}

function readValue(text: string): HookValue {
  const mayBeNull = text.endsWith("?"), [, short, rest] = /^(.)([^?]*)/.exec(text)!;
  if (short === "*") return { kind: "struct", type: rest, words: 1, mayBeNull };
  const kind = short === "i" ? "integer" : short === "p" ? "pointer" : short === "v" ? "value" : "void";
  return { kind, words: kind === "void" ? 0 : Number(rest || 1), mayBeNull };
}
