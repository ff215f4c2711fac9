/** How to cite the project: the file that GitHub and Zenodo read says what deno.json and the licence say. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";

const read = (name: string): string => readFileSync(join(projectFolder!, name), "utf8");

describe("CITATION.cff", () => {
  const field = (name: string) => new RegExp(`^\\s*(?:- )?${name}: "?(.*?)"?$`, "m").exec(read("CITATION.cff"))?.[1];

  it("has the version, the licence and the authors of the project", () => {
    const { version, license } = JSON.parse(read("deno.json"));
    expect([field("version"), field("license")]).toEqual([version, license]);
    expect(read("LICENSE")).toContain(field("name")!);
  });

  it("has what the format asks for", () => {
    expect(field("cff-version")).toBe("1.2.0");
    for (const name of ["message", "title", "authors", "type"]) {
      expect(read("CITATION.cff")).toMatch(new RegExp(`^${name}:`, "m"));
    }
  });
});
