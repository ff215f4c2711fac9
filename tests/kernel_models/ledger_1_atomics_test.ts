/** Rows 1.x of the ledger: what the atomic builtins return, as the kernel showed it. */
import { describe, expect, it } from "vitest";
import { explore } from "../../lib/search/explore.ts";
import { listing, never, sometimes } from "./scenarios.ts";

const object = await listing("atomics");

describe("1.4 to 1.10 values that the builtins return", () => {
  const cases = [
    { row: "1.4", prog: "fetch_and_add", a: 10, returned: 10, after: 15 },
    { row: "1.5", prog: "fetch_and_sub", a: 10, returned: 10, after: 5 },
    { row: "1.6", prog: "fetch_and_or", a: 10, returned: 10, after: 15 },
    { row: "1.12", prog: "fetch_and_and", a: 10, returned: 10, after: 2 },
    { row: "1.7", prog: "fetch_and_xor", a: 10, returned: 10, after: 12 },
    { row: "1.4", prog: "add_and_fetch", a: 10, returned: 15, after: 15 },
    { row: "1.8", prog: "cmpxchg", a: 10, b: 10, returned: 10, after: 99 },
    { row: "1.9", prog: "cmpxchg", a: 10, b: 11, returned: 10, after: 10 },
    { row: "1.10", prog: "xchg", a: 10, returned: 10, after: 77 },
  ];
  for (const { row, prog, a, b = 0, returned, after } of cases) {
    it(`${row} ${prog} with a=${a}${b ? `, b=${b}` : ""} returns ${returned} and leaves ${after}`, async () => {
      const all = await explore(object, {
        cpus: 1,
        programs: [prog],
        prepare: function* (user) {
          yield* user.writeGlobal("a", a);
          yield* user.writeGlobal("b", b);
        },
      });
      expect(all.outcomes.map(({ values }) => [values.returned, values.a])).toEqual([[
        BigInt(returned),
        BigInt(after),
      ]]);
    });
  }
});

describe("1.2 and 1.13 counters of several CPUs", () => {
  it("1.2 i += 1 races", async () => {
    await sometimes(object, { cpus: 3, programs: ["count_racy"], holds: (values) => values.counter === 3n });
  });

  it("1.13 fetch_and_add never loses", async () => {
    await never(object, {
      cpus: 3,
      invocations: 2,
      programs: ["count_atomic"],
      holds: (values) => values.counter === 6n,
    });
  });
});
