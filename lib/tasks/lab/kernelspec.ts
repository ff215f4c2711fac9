/** The project's kernelspec: how Jupyter starts its kernel. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CHINESE_KERNEL } from "../../jupyter/notebook_language.ts";
import { runCommand } from "./subprocess.ts";
import { DENO_VERSION, PLACES, PROJECT } from "./places.ts";

export interface Kernelspec {
  readonly argv: readonly string[];
  readonly display_name: string;
  readonly language: string;
  readonly interrupt_mode: "message";
  readonly env: Record<string, string>;
  readonly metadata: Record<string, unknown>;
}

/**
 * The kernelspec that runs lab/kernel.ts with `deno`. Interrupts come as messages: the default, a signal, would end the
 * kernel and with it all that the cells made.
 */
export function kernelspec(deno: string, language: "en" | "zh" = "en"): Kernelspec {
  return {
    argv: [deno, "run", "--quiet", "--allow-all", "--no-config", "--no-lock", PLACES.kernel, "{connection_file}"],
    display_name: language === "zh" ? CHINESE_KERNEL.display_name : "Deno",
    language: "typescript",
    interrupt_mode: "message",
    env: { NO_COLOR: "1", ...language === "zh" ? { INTERLEAVE_LANG: language } : {} },
    metadata: { debugger: false },
  };
}

/**
 * Registers the kernel under the name `deno`, which the notebooks ask for: so they run as well with the kernel that
 * `deno jupyter --install` sets up; under `deno-zh` for the Chinese ones. It goes into .jupyter, where JUPYTER_PATH leads,
 * and into .venv, whose Jupyter finds it without.
 */
export function writeKernelspec(deno: string): void {
  const folders = [join(PLACES.jupyter, "kernels")];
  if (existsSync(PLACES.venvPython)) folders.push(join(PLACES.venv, "share", "jupyter", "kernels"));
  for (const folder of folders) {
    for (const [name, language] of [["deno", "en"], [CHINESE_KERNEL.name, "zh"]] as const) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, "kernel.json"), JSON.stringify(kernelspec(deno, language), null, 2) + "\n");
    }
  }
  tellVsCode();
}

/**
 * VS Code's extension Jupyter takes JUPYTER_PATH from .env in the folder that is open, and so finds the kernel without
 * Python and without being started in a special way. The value stands bare: in quotes a backslash would mean something.
 */
function tellVsCode(): void {
  const file = join(PROJECT, ".env");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const others = lines.filter((line) => line !== "" && !line.startsWith("JUPYTER_PATH="));
  writeFileSync(file, [...others, `JUPYTER_PATH=${PLACES.jupyter}`, ""].join("\n"));
}

/** A Deno of the pinned version at a path that stays. Returns another version's path, and says so, if need be. */
export async function keepDeno(): Promise<{ deno: string; note?: string }> {
  const current = Deno.execPath();
  const source = Deno.version.deno === DENO_VERSION ? current : await fetchedDeno();
  if (source === undefined) {
    if (existsSync(PLACES.deno)) return { deno: PLACES.deno };
    return { deno: current, note: `Deno ${DENO_VERSION} cannot be fetched, so notebooks run on ${Deno.version.deno}` };
  }
  if (!existsSync(PLACES.deno) || statSync(PLACES.deno).size !== statSync(source).size) {
    mkdirSync(dirname(PLACES.deno), { recursive: true });
    const unfinished = `${PLACES.deno}.unfinished`;
    copyFileSync(source, unfinished);
    renameSync(unfinished, PLACES.deno);
  }
  return { deno: PLACES.deno };
}

/** The pinned Deno as npm has it, fetched if need be. */
async function fetchedDeno(): Promise<string | undefined> {
  if (existsSync(PLACES.deno)) return PLACES.deno;
  const { code, stdout } = await runCommand("npx", [
    "-y",
    `deno@${DENO_VERSION}`,
    "eval",
    "console.log(Deno.execPath())",
  ]);
  const path = stdout.trim();
  return code === 0 && existsSync(path) ? path : undefined;
}
