/** Where the lab keeps its things: all inside the project folder, none of them in git. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));

/** The Deno that notebooks are written for; its kernel sends outputs in order (see kernel_display.ts). */
export const DENO_VERSION = "2.8.1";

const windows = process.platform === "win32";

/** The Python of a virtual environment. */
export function pythonOf(venv: string): string {
  return join(venv, ...(windows ? ["Scripts", "python.exe"] : ["bin", "python"]));
}

export const PLACES = {
  venv: join(PROJECT, ".venv"),
  venvPython: pythonOf(join(PROJECT, ".venv")),
  /** Starts JupyterLab faster than its own program does. */
  quickJupyterlab: fileURLToPath(new URL("quick_jupyterlab.py", import.meta.url)),
  requirements: fileURLToPath(new URL("requirements.txt", import.meta.url)),
  /** Jupyter's own folders: settings, workspaces, run time, and kernels. */
  jupyter: join(PROJECT, ".jupyter"),
  /** A copy: npx may empty its cache at any time, and a kernelspec needs a path that stays. */
  deno: join(PROJECT, ".cache", `deno-${DENO_VERSION}`, windows ? "deno.exe" : "deno"),
  kernel: fileURLToPath(new URL("kernel.ts", import.meta.url)),
  firstNotebook: join("notebooks", "00_start.ipynb"),
};
