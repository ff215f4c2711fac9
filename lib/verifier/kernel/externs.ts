/** What the kernel has of the names that an object declares with __ksym or __kconfig (libbpf.c:bpf_object__resolve_externs). */
import type { Btf, BtfType } from "../../object/btf.ts";
import { resolveType, sizeOfType } from "../../object/btf_types.ts";
import { KFUNCS } from "../../uapi/kfuncs.ts";
import { essentialName } from "./core_relo.ts";
import { areCompatible } from "./core_target.ts";
import { isRunningKernel, kernelBtf } from "./kernel_btf.ts";
import { hasSymbol } from "./kernel_symbols.ts";

export type Extern =
  /** A value of the kernel's configuration, which the loader was to put into a map. */
  | { readonly kind: "kconfig" }
  | { readonly kind: "function" }
  /** A number, and no more than that: the address of a symbol without a type. */
  | { readonly kind: "address" }
  /** A variable: of a struct, or of so many bytes; perhaps one for each CPU. */
  | {
    readonly kind: "variable";
    readonly isPerCpu: boolean;
    readonly struct?: string;
    readonly bytes: number;
    /** The kernel has it, but does not find its address. */
    readonly isHidden: boolean;
  }
  | { readonly kind: "missing" }
  | { readonly kind: "unknown" };

/** @param btf the object's */
export function resolveExtern(btf: Btf | undefined, name: string): Extern {
  const own = declaration(btf, name);
  if (!btf || !own) return { kind: "unknown" };
  if (own.section === ".kconfig") return { kind: "kconfig" };
  if (own.type.kind === "func") return resolveFunction(btf, own.type, name);
  const declared = resolveType(btf, own.type.type ?? 0);
  if (declared.kind === "void") return { kind: "address" };
  return resolveVariable(name);
}

/** The kernel's function must also take and give what the object says (bpf_object__resolve_ksym_func_btf_id). */
function resolveFunction(btf: Btf, own: BtfType, name: string): Extern {
  const kernel = kernelBtf(), found = kernel?.find(essentialName(name), "func");
  if (kernel) {
    const fits = found && areCompatible(kernel, btf, own.type ?? 0, found.type ?? 0, 0);
    return { kind: fits ? "function" : "missing" };
  }
  return { kind: Object.hasOwn(KFUNCS, name) ? "function" : "unknown" };
}

function resolveVariable(name: string): Extern {
  const kernel = kernelBtf();
  if (!kernel) return { kind: "unknown" };
  const variable = kernel.find(name, "var");
  if (!variable) return { kind: "missing" };
  const type = resolveType(kernel, variable.type ?? 0);
  const isPerCpu = [...kernel.ofKind("datasec")].some((section) =>
    section.name === ".data..percpu" && section.variables?.some((one) => one.type === variable.id)
  );
  const struct = type.kind === "struct" || type.kind === "union" ? type.name : undefined;
  const isHidden = isRunningKernel(kernel) && hasSymbol(name) === false;
  return { kind: "variable", isPerCpu, struct, bytes: sizeOfType(kernel, type.id), isHidden };
}

const SECTIONS: readonly string[] = [".ksyms", ".kconfig"];

/** The compiler lists what an object only declares in sections of its own. */
function declaration(btf: Btf | undefined, name: string): { section: string; type: BtfType } | undefined {
  for (const section of btf?.types ?? []) {
    if (section.kind !== "datasec" || !SECTIONS.includes(section.name)) continue;
    const found = section.variables?.find((one) => btf!.types[one.type].name === name);
    if (found) return { section: section.name, type: btf!.types[found.type] };
  }
  return undefined;
}
