/** What objects and their sections of global variables are called inside the kernel (libbpf.c:internal_map_name). */

const OBJECT_NAME_LENGTH = 15, PREFIX_LENGTH = 8;

/** The name of an object: its file's, up to the first dot. */
export function kernelObjectName(name: string): string {
  const file = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1), dot = file.indexOf(".");
  return (dot < 0 ? file : file.slice(0, dot)).slice(0, OBJECT_NAME_LENGTH) || "object";
}

/** `.bss` of `counter.bpf.c` is `counter.bss`; a section with a name of its own, `.data.lock`, keeps it. */
export function kernelMapName(object: string, section: string): string {
  if (section.indexOf(".", 1) >= 0) return section.slice(0, OBJECT_NAME_LENGTH);
  return (kernelObjectName(object).slice(0, PREFIX_LENGTH) + section).replace(/[^\w.]/g, "_");
}
