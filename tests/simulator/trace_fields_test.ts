/** Who acted and what was touched, as the fields of a trace step say it. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { ticketLock } from "../../lib/locks/ticket_lock.ts";
import { lockHelpers } from "../../lib/bpf_helpers/kernel.ts";
import type { TraceStep } from "../../lib/report/result.ts";

const pieces = await bpf.file(fileURLToPath(new URL("../search/progs/pieces.bpf.c", import.meta.url)));
const said = (steps: readonly TraceStep[]): string[] => [
  ...new Set(steps.map(({ actor, helper, touches, object }) => [actor, helper, touches, object].join(" ").trim())),
];

describe("a trace step says", () => {
  it("program and helper apart, the lock and the data in one value", async () => {
    const run = await simulate(pieces, { cpus: 1, invocations: 1, programs: ["under_lock"] });
    expect(said(run.trace())).toEqual([
      "helper 93 lock",
      "program  data locks[0]",
      "helper 94 lock",
    ]);
  });

  it("that another lock's words are its own, wherever they lie", async () => {
    const models = lockHelpers(ticketLock);
    const run = await simulate(pieces, { cpus: 1, invocations: 1, programs: ["under_lock"], models });
    for (const step of run.trace().filter(({ actor }) => actor === "helper")) {
      expect([step.touches, step.object]).toEqual(["lock", undefined]);
    }
  });

  it("the parts of an element, and which map's they are", async () => {
    const run = await simulate(pieces, {
      cpus: 1,
      invocations: 1,
      programs: ["hash_count"],
      prepare: (user) => user.update("hash", 1, 7),
    });
    const touched = run.trace().filter(({ addr }) => addr !== undefined);
    expect(said(touched)).toEqual(["helper 1 bucket", "helper 1 hash", "helper 1 key", "program  data hash"]);
    for (const { map } of touched) expect(pieces.maps[map!].name).toBe("hash");
  });

  it("user space apart from the kernel that works for it", async () => {
    const run = await simulate(pieces, {
      cpus: 1,
      invocations: 0,
      programs: ["add"],
      user: [{
        name: "user",
        *body(user) {
          yield* user.readGlobal("shared");
          yield* user.sleep();
          yield* user.update("hash", 1, 7);
        },
      }],
    });
    const steps = run.trace().filter(({ user }) => user === "user");
    expect(said(steps.filter(({ actor }) => actor === "user"))).toContain("user  data");
    expect(said(steps.filter(({ kind }) => kind === "wait"))).toEqual(["user"]);
    // The key and the value of a fresh element are not visible yet: no steps.
    const kernels = steps.filter(({ actor }) => actor === "kernel").map(({ touches }) => touches);
    expect(new Set(kernels)).toEqual(new Set(["lock", "free_list", "bucket"]));
  });
});
