import { explore, show } from "../lib/mod.ts";
import { listing, on, prepareTwoKeys } from "./kernel_models/scenarios.ts";
const object = await listing("lifetime");
const e = await explore(object, {
  prepare: prepareTwoKeys("hn"),
  programs: [on(0, "update_hn"), on(1, "read_hn")],
  holds: (values) => values.torn === 0n && values.foreign === 0n && values.missing === 0n,
});
await show(e);
