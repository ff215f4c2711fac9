import { describe, expect, it } from "vitest";
import { FuzzCases } from "./cases.ts";

describe("damaged byte code, objects and files of other kinds", () => {
  it("are refused or run within their regions (a short run of `deno task fuzz`)", async () => {
    const fuzz = await FuzzCases.of(20261122), fates = new Set<string>();
    for (let number = 1; number <= 1500; number++) fates.add(await fuzz.run(number));
    for (const { name } of fuzz.documents) expect(fates, name).toContain(`${name} refused`);
  });
});
