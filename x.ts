import { fileURLToPath } from "node:url";
import { HELPERS } from "./lib/bpf_helpers/helper_table.ts";
import { bpf } from "./lib/compile/bpf.ts";
import { helperId } from "./lib/isa/helper_names.ts";
import { explore } from "./lib/search/explore.ts";
const object = await bpf.file("tests/search/progs/seeds.bpf.c");
function* broken(model: any, instead: any): any {
  let next = model.next();
  while (!next.done) {
    const o = instead(next.value);
    let r = o === undefined ? yield next.value : o;
    next = model.next(r);
  }
  return next.value;
}
const brk = (name: string, instead: any) => ({
  [name]: (k: any, c: any, a: any) => {
    const r = HELPERS[helperId(name)!]!(k, c, a);
    return typeof r === "bigint" ? r : broken(r, instead);
  },
});
for (
  const [prog, h] of [["inserts", "bpf_map_update_elem"], ["deletes", "bpf_map_delete_elem"], [
    "inserts_lru",
    "bpf_map_update_elem",
  ]]
) {
  const r = await explore(
    object,
    {
      cpus: 2,
      programs: [prog],
      invocations: 1,
      prepare: prog === "deletes"
        ? function* (u: any) {
          for (const k of [2, 5, 6]) yield* u.update("hash", k, 7);
        }
        : undefined,
      models: brk(h, (op: any) => op.kind === "await" ? 0n : undefined),
    } as any,
  );
  console.log(prog, r.observation, r.verdicts.map((v) => v.kind + ": " + v.what));
}
