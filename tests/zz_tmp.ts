import { bpf, explore, replay, show, simulate, type UserApi } from "../lib/mod.ts";
const o = await bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __type(key, __u32); __type(value, __u64); } hits SEC(".maps");
SEC("raw_tp") int idle(void *ctx) { return 0; }
`;
for (const b of [2, 3]) {
  const user = [{
    name: "reset",
    *body(u: UserApi) {
      yield* u.update("hits", 1, 5);
      yield* u.update("hits", b, 6);
      let key: any = undefined, n = 0;
      while ((key = yield* u.nextKey("hits", key)) !== undefined) {
        if (++n > 4) return "goes round";
        yield* u.update("hits", key, 0);
      }
      return "ends";
    },
  }];
  const e = await explore(o, {
    cpus: 1,
    programs: ["idle"],
    invocations: 1,
    user,
    holds: (_v, r) => r.reset === "ends",
  });
  console.log(b, e.observation, e.complete, e.openConditions, e.coversOpen, e.witness?.schedule, e.states);
  for (const out of e.outcomes) {
    const r = await simulate(o, { cpus: 1, invocations: 1, programs: ["idle"], user, scheduler: replay(out.witness) });
    console.log(r.returned, out.returned, out.witness);
  }
  const s: any = {};
  for (let seed = 1; seed < 50; seed++) {
    const r = await simulate(o, { cpus: 1, invocations: 1, programs: ["idle"], user, seed });
    s[r.returned.reset as string] = (s[r.returned.reset as string] ?? 0) + 1;
    if (seed < 5) {
      const again = await simulate(o, {
        cpus: 1,
        invocations: 1,
        programs: ["idle"],
        user,
        scheduler: replay(r.schedule()),
      });
      if (again.returned.reset !== r.returned.reset) console.log("BAD replay", seed, r.schedule());
    }
  }
  console.log(s);
}
