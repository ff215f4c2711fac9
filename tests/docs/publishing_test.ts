/** What other computers run of this project: the workflow that publishes the site, and the container of Codespaces. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";

const read = (name: string): string => readFileSync(join(projectFolder!, name), "utf8");
const WORKFLOW = ".github/workflows/site.yml", CONTAINER = ".devcontainer/devcontainer.json";

describe("publishing", () => {
  const { tasks } = JSON.parse(read("deno.json")) as { tasks: Record<string, string> };
  const [deno] = /deno@[\d.]+/.exec(read("README.md"))!;

  for (const file of [WORKFLOW, CONTAINER]) {
    it(`${file} calls tasks that there are, of the Deno that the README names`, () => {
      const text = read(file), called = [...text.matchAll(/deno@\S+ task (\S+)/g)].map(([, name]) => name);
      expect(called.length).toBeGreaterThan(0);
      expect(called.filter((name) => !(name in tasks))).toEqual([]);
      expect(new Set(text.match(/deno@[\d.]+/g))).toEqual(new Set([deno]));
    });
  }

  it("runs tests that there are, with actions of fixed versions and no right that it does not need", () => {
    const text = read(WORKFLOW), tests = text.match(/tests\/\S+\.ts/g) ?? [];
    expect(tests.length).toBeGreaterThan(2);
    expect(tests.filter((path) => !existsSync(join(projectFolder!, path)))).toEqual([]);
    const actions = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
    expect(actions.filter((action) => !/^actions\/[\w-]+@v\d+$/.test(action))).toEqual([]);
    expect(text.match(/: write/g)?.length).toBe(2); // pages, and the token that proves who publishes
    expect(text).not.toContain("\t");
  });

  it("opens a container that is described by JSON", () => {
    expect(JSON.parse(read(CONTAINER))).toMatchObject({ forwardPorts: [8888] });
  });
});
