import { describe, expect, it } from "vitest";
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string) => readFileSync(file(path), "utf8");

describe("the Binder configuration", () => {
  it("has the lab's Python packages, at the same versions", () => {
    const pins = (text: string) => text.match(/[\w-]+==[\d.]+/g);
    expect(pins(read(".binder/environment.yml"))).toEqual(pins(read("lib/notebook/lab/requirements.txt")));
  });

  it("sets up by the lab's own code", () => {
    expect(read(".binder/postBuild")).toContain("task start --setup-only");
    for (const script of ["postBuild", "start"]) expect(statSync(file(`.binder/${script}`)).mode & 0o100).not.toBe(0);
  });
});
