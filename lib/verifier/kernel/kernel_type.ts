/** A struct that a pointer with a BTF type points to: one of the kernel's, or one of the program's own. */
export interface KernelType {
  readonly name: string;
  /** Id in the program's own BTF; absent for types of the kernel. */
  readonly id?: number;
  /** Of a variable of the kernel that is no struct: what it takes. */
  readonly bytes?: number;
}

const known = new Map<string, KernelType>();

/** The one object that stands for a kernel struct, so that two types can be compared by reference. */
export function kernelType(name: string): KernelType {
  let type = known.get(name);
  if (!type) known.set(name, type = { name });
  return type;
}
