/** The npm package, as its users meet it: packed, installed into an empty folder, run by Node. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import process from "node:process";
import { afterAll, describe, expect, it } from "vitest";
import { build } from "esbuild";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { projectFolder } from "../../lib/compile/folders.ts";
import { PROFILES } from "../../lib/cost/profiles.ts";
import { runCommand } from "../../lib/host/run_command.ts";
import { buildPackage, packPackage } from "../../lib/tasks/npm/build.ts";
import { packageJson } from "../../lib/tasks/npm/package_json.ts";
import { plot } from "../../lib/plot/mod.ts";
import { explore } from "../../lib/search/explore.ts";
import { launch, noChromium } from "../browser/chromium.ts";

/** A registry may be slow. */
const INSTALL_MS = 600_000;

const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;

const MODULE = `
import { bpf, explore, PROFILES, plot, profileNamed, recordedKernel, simulate, threads, verify } from "@interleave/interleave";
const racy = await bpf\`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }\`;
const run = await simulate(racy, { cpus: 2, invocations: 100, seed: 1 });
const timed = [];
for (const profile of PROFILES) {
  timed.push((await simulate(racy, { cpus: 3, invocations: 100, seed: 7, profile })).timing);
}
const picture = await plot.timeline(run).toPng();
const measured = await threads(racy, { cpus: 2, invocations: 1000, repeats: 1 }).catch((error) => error);
console.log(JSON.stringify({
  timed,
  expected: String(run.serial.counter),
  isLost: run.lost > 0,
  verdict: verify(racy)[0].verdict,
  observation: (await explore(racy, { cpus: 2, invocations: 1 })).observation,
  picture: String.fromCharCode(...picture.subarray(1, 4)),
  profile: profileNamed(PROFILES[0]).name,
  threads: measured.machine ?? measured.message,
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

/** As a user writes it who has nothing but the package: no types of Node, every check of TypeScript. */
const TYPED = `
import { bpf, explore, type Exploration, type Prediction, plot, simulate, type Simulation } from "@interleave/interleave";
import { provideFiles } from "@interleave/interleave/page";
provideFiles({ texts: { "mine.bpf.c": "int counter;" } });
const object = await bpf.file("mine.bpf.c");
const run: Simulation = await simulate(object, { cpus: 2, invocations: 1 });
const all: Exploration = await explore(object, { cpus: 2 });
const text: string = plot.timeline(run).toString();
export const found: [number, string, string] = [run.lost, all.observation, text];
export type Mine = Prediction;
`;
const TSCONFIG = {
  compilerOptions: {
    ...{ strict: true, skipLibCheck: false, target: "es2022", module: "nodenext", moduleResolution: "nodenext" },
    ...{ lib: ["es2022", "dom"], types: [], noEmit: true },
  },
  files: ["typed.ts"],
};

const LISTING = "progs/race.bpf.c";

/** In the page: the same as here, and what a page cannot do. */
const PAGE = `
import { bpf, explore, plot, show, simulate, verify } from "@interleave/interleave";
import { provideFiles, provideKernel, providePackageFile } from "@interleave/interleave/page";
const bytes = async (address) => new Uint8Array(await (await fetch(address)).arrayBuffer());
provideFiles({ texts: { "${LISTING}": new TextDecoder().decode(await bytes("race.bpf.c")) } });
const object = await bpf.file("${LISTING}");
const run = await simulate(object, { cpus: 2, invocations: 100, seed: 1 });
const timed = await simulate(object, { cpus: 3, invocations: 50, seed: 7, profile: "xeon-kvm" });
const all = await explore(object, { cpus: 2, invocations: 1 });
const figure = plot.timeline(run), before = await figure.toBundle();
providePackageFile("@resvg/resvg-wasm/index_bg.wasm", await bytes("resvg.wasm"));
const shown = [];
provideKernel({ broadcast: async (type, content) => void shown.push(Object.keys(content.data).sort()) });
await show(figure);
globalThis.found = {
  final: String(run.final.counter), lost: run.lost, ns: timed.nsPerOp, observation: all.observation,
  states: all.states, verdict: verify(object)[0].verdict, svg: before["image/svg+xml"], text: before["text/plain"],
  forms: Object.keys(before).sort(), shown, png: String.fromCharCode(...(await figure.toPng()).subarray(1, 4)),
  refused: await bpf("int other; int x(void) { return 7; }").then(() => "compiled", (error) => error.name + ": " + error.message),
};
`;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Nothing but the files of a folder: no header that a page could need. */
async function serve(folder: string): Promise<{ server: Server; address: string }> {
  const server = createServer(async ({ url }, response) => {
    const path = join(folder, new URL(url!, "http://x").pathname);
    const found = await readFile(path).catch(() => undefined);
    response.writeHead(found ? 200 : 404, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
    response.end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as { port: number }).port}` };
}

describe("the npm package", () => {
  let installed: Promise<string> | undefined;
  afterAll(async () => {
    if (installed) await rm(await installed, { recursive: true, force: true });
  });

  /** The package in an empty folder, built and installed once. */
  const install = async () => {
    const folder = await mkdtemp(join(tmpdir(), "interleave package "));
    await buildPackage(projectFolder!, join(folder, "package"));
    const kernel = join(folder, "package", "dist", "verifier", "kernel");
    const data = ["kernel_structs.jsonl", "tracepoints.json", "raw_tp_null_args.json"];
    expect(data.filter((file) => !existsSync(join(kernel, file)))).toEqual([]);
    const tarball = await packPackage(join(folder, "package"), folder);
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", "--prefer-offline"];
    const done = await runCommand("npm", ["install", ...quiet, tarball, "typescript@5.9.3"], { cwd: folder });
    expect(done?.status, done?.stderr).toBe(0);
    return folder;
  };

  const use = async () => {
    const folder = await (installed ??= install());
    await writeFile(join(folder, "use.js"), MODULE);
    const env = { INTERLEAVE_CACHE: join(folder, "cache"), PATH: process.env.PATH! };
    const used = await runCommand("node", ["use.js"], { cwd: folder, env });
    expect(used?.status, used?.stderr).toBe(0);
    // Engines differ in the last digits of powers: times must not show on which one they were simulated.
    const timed = await Promise.all(
      PROFILES.map(async (profile) => (await simulate(racy, { cpus: 3, invocations: 100, seed: 7, profile })).timing),
    );
    const { threads, ...found } = JSON.parse(used!.stdout);
    expect(found).toEqual({
      timed: JSON.parse(JSON.stringify(timed)),
      ...{ expected: "200", isLost: true, verdict: "accept", observation: "Sometimes" },
      ...{ picture: "PNG", profile: "xeon-kvm", kernel: "6.18" },
    });
    expect(threads).toMatch(/^threads$|gives one CPU/);
  };

  const check = async () => {
    const folder = await (installed ??= install());
    await writeFile(join(folder, "typed.ts"), TYPED);
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
    const checked = await runCommand("node", ["node_modules/typescript/bin/tsc", "-p", "."], { cwd: folder });
    expect(checked?.stdout).toBe("");
    expect(checked?.status).toBe(0);
  };

  const open = async () => {
    const folder = await (installed ??= install()), site = join(folder, "site");
    await writeFile(join(folder, "page.js"), PAGE);
    await build({
      ...{ entryPoints: [join(folder, "page.js")], outdir: site, logLevel: "silent" },
      ...{ bundle: true, format: "esm", splitting: true, platform: "browser", minify: true },
    });
    await writeFile(join(site, "index.html"), '<!doctype html><script type="module" src="page.js"></script>');
    const listing = await readFile(join(projectFolder!, "notebooks", LISTING));
    await writeFile(join(site, "race.bpf.c"), listing);
    const wasm = join(folder, "node_modules", "@resvg", "resvg-wasm", "index_bg.wasm");
    await writeFile(join(site, "resvg.wasm"), await readFile(wasm));
    const { server, address } = await serve(site);
    const browser = await launch();
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(`${address}/index.html`);
      await page.waitForFunction(() => "found" in globalThis, undefined, { timeout: 60_000 }).catch(() => {});
      expect(errors).toEqual([]);
      const found = await page.evaluate(() => (globalThis as unknown as { found: Record<string, unknown> }).found);
      const object = await bpf.file(join(projectFolder!, "notebooks", LISTING), { name: LISTING });
      const run = await simulate(object, { cpus: 2, invocations: 100, seed: 1 });
      const timed = await simulate(object, { cpus: 3, invocations: 50, seed: 7, profile: "xeon-kvm" });
      const all = await explore(object, { cpus: 2, invocations: 1 });
      const figure = plot.timeline(run), { refused, ...same } = found;
      expect(same).toEqual({
        ...{ final: String(run.final.counter), lost: run.lost, ns: timed.nsPerOp, observation: "Sometimes" },
        ...{ states: all.states, verdict: "accept", svg: await figure.toSvg(), text: figure.text, png: "PNG" },
        forms: ["image/svg+xml", "text/plain"],
        shown: [["image/png", "image/svg+xml", "text/plain"]],
      });
      expect(refused).toMatch(/^CompilerMissingError: this page has no C compiler\..*deno@2.8.1 task start/);
    } finally {
      await browser.close();
      server.close();
    }
  };

  const here = (name: string, lacking: string | undefined, test: () => Promise<void>) => {
    if (lacking) it.skip(`${name} (skipped: ${lacking})`, test);
    else it(name, { timeout: INSTALL_MS }, test);
  };
  here("compiles, verifies, simulates, explores and draws under Node, out of its tarball", reason, use);
  here("has types that pass every check in a project without any others", reason, check);
  here(
    "runs in a page, bundled, from a server that knows nothing of it, as it runs here",
    reason ?? noChromium(),
    open,
  );

  it("depends on what its modules import, at exact versions", () => {
    const config = {
      ...{ name: "n", version: "1.0.0", license: "MIT" },
      imports: { interleave: "./lib/mod.ts", commander: "npm:commander@14.0.2", chai: "npm:chai@5.3.3" },
    };
    const modules = [`import { Command } from "commander"; // as in import { x } from "interleave"`];
    expect(packageJson(config, modules).dependencies).toEqual({ commander: "14.0.2" });
    const loose = { ...config, imports: { commander: "npm:commander@^14" } };
    expect(packageJson({ ...config, repository: "https://example.org/a" }, modules)).toMatchObject({
      bugs: { url: "https://example.org/a/issues" },
    });
    expect(packageJson(config, modules, ["host/files"]).browser).toEqual({
      "./dist/host/files.js": "./dist/host/files.browser.js",
    });
    expect(() => packageJson(loose, modules)).toThrow("npm:commander@^14 is not npm:NAME@VERSION");
  });
});
