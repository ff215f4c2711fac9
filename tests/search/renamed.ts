/** Gives the maps, programs, variables and fields of an object other names. */
import type { BpfObject } from "../../lib/object/bpf_object.ts";

/** Of an original name the one that stands for it; others stay. */
export type Renaming = (name: string) => string;

/** The same object under other names. Its C source, and so the lines that traces show, keeps the old ones. */
export function renamed(object: BpfObject, to: Renaming): BpfObject {
  return {
    ...object,
    programs: object.programs.map((program) => ({
      ...program,
      name: to(program.name),
      subprogs: program.subprogs.map((one) => ({ ...one, name: to(one.name) })),
    })),
    maps: object.maps.map((map) => ({
      ...map,
      name: to(map.name),
      data: map.data &&
        { ...map.data, variables: map.data.variables.map((one) => ({ ...one, name: to(one.name) })) },
    })),
    btf: object.btf && {
      ...object.btf,
      types: object.btf.types.map((type) => ({
        ...type,
        members: type.members?.map((member) => ({ ...member, name: to(member.name) })),
      })),
    },
  };
}
