/** `deno task doctor`: what is there, what is missing, and the command that brings it. */
import type { Command } from "commander";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { linuxAvailable } from "../../backends/linux/available.ts";
import { installedCompiler } from "../../compile/compiler.ts";
import { type Commander, runTask } from "../task.ts";
import { DENO_VERSION, PLACES, PROJECT } from "./places.ts";
import { findPython, isComplete, LAB } from "./python.ts";

interface Finding {
  readonly what: string;
  /** What was found; undefined when it is missing. */
  readonly found?: string;
  /** What it is needed for. */
  readonly neededFor: string;
  /** The command, or the few words, that bring it. */
  readonly remedy: string;
  /** Without it nothing works. */
  readonly essential?: boolean;
}

const LIBBPF = ["libbpf.so.1", "libbpf.so"];
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

async function examine(): Promise<Finding[]> {
  const python = await findPython().catch(() => undefined);
  const compiler = await installedCompiler().catch(() => undefined);
  const complete = await isComplete(LAB);
  const renderer = join(PLACES.venv, "share", "jupyter", "labextensions", "jupyterlab-plotly");
  const kernelspec = join(PLACES.jupyter, "kernels", "deno", "kernel.json");
  const btf = "/sys/kernel/btf/vmlinux";
  const linux = linuxAvailable();
  return [
    {
      what: "Deno",
      found: Deno.version.deno === DENO_VERSION
        ? Deno.version.deno
        : `${Deno.version.deno} (notebooks are kept with ${DENO_VERSION})`,
      neededFor: "everything",
      remedy: `npx -y deno@${DENO_VERSION} task doctor`,
      essential: true,
    },
    {
      what: "npm packages",
      found: present(join(PROJECT, "node_modules", ".deno"), "node_modules"),
      neededFor: "figures, tests",
      remedy: `npx -y deno@${DENO_VERSION} install`,
      essential: true,
    },
    {
      what: "C compiler for BPF",
      found: compiler?.name,
      neededFor: "listings that you change (the shipped ones come compiled)",
      remedy: "nothing to do: it is fetched from npm when it is first needed (27 MB); or apt-get install clang",
    },
    {
      what: "Python",
      found: python && `${python.version} (${python.path})`,
      neededFor: "JupyterLab",
      remedy: "apt-get install python3 python3-venv",
    },
    {
      what: "JupyterLab",
      found: complete ? ".venv" : undefined,
      neededFor: "deno task start",
      remedy: `npx -y deno@${DENO_VERSION} task start`,
    },
    {
      what: "renderer of figures",
      found: present(renderer, "jupyterlab-plotly"),
      neededFor: "interactive figures in JupyterLab",
      remedy: `npx -y deno@${DENO_VERSION} task start`,
    },
    {
      what: "kernel",
      found: existsSync(kernelspec) && existsSync(PLACES.deno) ? ".jupyter/kernels/deno" : undefined,
      neededFor: "JupyterLab, VS Code",
      remedy: `npx -y deno@${DENO_VERSION} task start --setup-only`,
    },
    {
      what: "Linux kernel's BTF",
      found: present(btf, btf),
      neededFor: "the machine linux",
      remedy: "a Linux kernel with CONFIG_DEBUG_INFO_BTF; recorded figures are shown instead",
    },
    {
      what: "the right to load BPF programs",
      found: linux.available ? "yes" : undefined,
      neededFor: "the machine linux",
      remedy: linux.available ? "" : `${linux.remedy}; recorded figures are shown instead`,
    },
    {
      what: "libbpf",
      found: LIBBPF.find(canOpen),
      neededFor: "the machine linux",
      remedy: "apt-get install libbpf1",
    },
    {
      what: "Chromium",
      found: BROWSERS.find((path) => existsSync(path)),
      neededFor: "deno task browser (tests only)",
      remedy: "apt-get install chromium",
    },
  ];
}

function present(path: string, name: string): string | undefined {
  return existsSync(path) ? name : undefined;
}

function canOpen(library: string): boolean {
  try {
    Deno.dlopen(library, {}).close();
    return true;
  } catch {
    return false;
  }
}

async function main(): Promise<void> {
  const findings = await examine();
  const width = Math.max(...findings.map(({ what }) => what.length));
  for (const { what, found, neededFor, remedy } of findings) {
    const name = what.padEnd(width);
    console.log(found === undefined ? `✗ ${name}  missing; for ${neededFor}: ${remedy}` : `✓ ${name}  ${found}`);
  }
  process.exitCode = findings.some(({ essential, found }) => essential && found === undefined) ? 1 : 0;
}

export const command = ({ Command }: Commander): Command =>
  new Command("deno task doctor")
    .description("Says what is there and what is missing, with the command for each.")
    .addHelpText("after", "\nExit code: 0 fine, 1 something is missing without which nothing works, 2 bad input.")
    .action(main);

if (import.meta.main) await runTask(command, { bare: main });
