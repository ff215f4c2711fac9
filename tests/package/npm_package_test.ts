/** The npm package, as its users meet it: packed, installed into an empty folder, run by Node. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { projectFolder } from "../../lib/compile/folders.ts";
import { PROFILES } from "../../lib/cost/profiles.ts";
import { runCommand } from "../../lib/host/run_command.ts";
import { buildPackage, packPackage } from "../../lib/tasks/npm/build.ts";
import { packageJson } from "../../lib/tasks/npm/package_json.ts";

/** A registry may be slow. */
const INSTALL_MS = 600_000;

const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;

const MODULE = `
import { bpf, explore, PROFILES, plot, profileNamed, recordedKernel, simulate, verify } from "@interleave/interleave";
const racy = await bpf\`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }\`;
const run = await simulate(racy, { cpus: 2, invocations: 100, seed: 1 });
const timed = [];
for (const profile of PROFILES) {
  timed.push((await simulate(racy, { cpus: 3, invocations: 100, seed: 7, profile })).timing);
}
const picture = await plot.timeline(run).toPng();
console.log(JSON.stringify({
  timed,
  expected: String(run.serial.counter),
  isLost: run.lost > 0,
  verdict: verify(racy)[0].verdict,
  observation: (await explore(racy, { cpus: 2, invocations: 1 })).observation,
  picture: String.fromCharCode(...picture.subarray(1, 4)),
  profile: profileNamed(PROFILES[0]).name,
  kernel: recordedKernel().machine.kernel.slice(0, 4),
}));
`;

/** Why the package cannot be built here; undefined when it can. */
async function missing(): Promise<string | undefined> {
  const npm = await runCommand("npm", ["--version"]).catch(() => undefined),
    node = await runCommand("node", ["--version"]);
  if (npm?.status !== 0 || !node) return "npm or node is not there";
  if (Number.parseInt(node.stdout.slice(1)) < 20) return `node is ${node.stdout.trim()}, 20 is needed`;
  const registry = await runCommand("npm", ["view", "commander@14.0.2", "version", "--fetch-retries=0"]);
  return registry?.status === 0 ? undefined : "no registry of npm packages is reached";
}

const reason = await missing();

describe("the npm package", () => {
  const use = async () => {
    const folder = await mkdtemp(join(tmpdir(), "interleave package "));
    try {
      await buildPackage(projectFolder!, join(folder, "package"));
      const kernel = join(folder, "package", "dist", "verifier", "kernel");
      const data = ["kernel_structs.jsonl", "tracepoints.json", "raw_tp_null_args.json"];
      expect(data.filter((file) => !existsSync(join(kernel, file)))).toEqual([]);
      const tarball = await packPackage(join(folder, "package"), folder);
      await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
      await writeFile(join(folder, "use.js"), MODULE);
      const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", "--prefer-offline"];
      const installed = await runCommand("npm", ["install", ...quiet, tarball], { cwd: folder });
      expect(installed?.status, installed?.stderr).toBe(0);
      const env = { INTERLEAVE_CACHE: join(folder, "cache"), PATH: process.env.PATH! };
      const used = await runCommand("node", ["use.js"], { cwd: folder, env });
      expect(used?.status, used?.stderr).toBe(0);
      // Engines differ in the last digits of powers: times must not show on which one they were simulated.
      const timed = await Promise.all(
        PROFILES.map(async (profile) => (await simulate(racy, { cpus: 3, invocations: 100, seed: 7, profile })).timing),
      );
      expect(JSON.parse(used!.stdout)).toEqual({
        timed: JSON.parse(JSON.stringify(timed)),
        ...{ expected: "200", isLost: true, verdict: "accept", observation: "Sometimes" },
        ...{ picture: "PNG", profile: "xeon-kvm", kernel: "6.18" },
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  const name = "compiles, verifies, simulates, explores and draws under Node, out of its tarball";
  if (reason) it.skip(`${name} (skipped: ${reason})`, use);
  else it(name, { timeout: INSTALL_MS }, use);

  it("depends on what its modules import, at exact versions", () => {
    const config = {
      ...{ name: "n", version: "1.0.0", license: "MIT" },
      imports: { interleave: "./lib/mod.ts", commander: "npm:commander@14.0.2", chai: "npm:chai@5.3.3" },
    };
    const modules = [`import { Command } from "commander"; // as in import { x } from "interleave"`];
    expect(packageJson(config, modules).dependencies).toEqual({ commander: "14.0.2" });
    const loose = { ...config, imports: { commander: "npm:commander@^14" } };
    expect(() => packageJson(loose, modules)).toThrow("npm:commander@^14 is not npm:NAME@VERSION");
  });
});
