import { describe, it } from "vitest";
import { FuzzCases } from "./cases.ts";

describe("damaged byte code and objects", () => {
  it("are refused or run within their regions (a short run of `deno task fuzz`)", () => {
    const fuzz = new FuzzCases(20261122);
    for (let number = 1; number <= 1500; number++) fuzz.run(number);
  });
});
