/** The Python side of the lab: finds Python, makes .venv, fetches JupyterLab into it. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { PLACES } from "./places.ts";
import { runCommand } from "./subprocess.ts";

/** JupyterLab 4.6 needs it. */
const OLDEST: readonly [number, number] = [3, 10];

const WITHOUT =
  `Without JupyterLab the notebooks run in VS Code (extension "Jupyter"; open this folder, choose the kernel ` +
  `"Deno"), and without any front end by: deno task run`;

/** Set-up cannot go on; the message says what to do. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}

export interface Python {
  readonly path: string;
  readonly version: string;
}

/**
 * A Python that can make virtual environments.
 * @param wanted The one to take, instead of the first that is found on the PATH.
 */
export async function findPython(wanted?: string): Promise<Python> {
  const tried: string[] = [];
  for (const path of wanted === undefined ? ["python3", "python", "py"] : [wanted]) {
    const probe = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
    const { code, stdout } = await runCommand(path, ["-c", probe]);
    const version = stdout.trim();
    if (code !== 0 || !/^\d+\.\d+\.\d+$/.test(version)) continue;
    const [major, minor] = version.split(".").map(Number);
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
      tried.push(`${path} is ${version}`);
      continue;
    }
    if ((await runCommand(path, ["-c", "import venv, ensurepip"])).code !== 0) {
      throw new SetupError(
        `${path} (${version}) lacks the module venv. Install it (Debian, Ubuntu: apt-get install python3-venv) and run this again. ${WITHOUT}`,
      );
    }
    return { path, version };
  }
  const found = tried.length > 0 ? `: ${tried.join(", ")}` : wanted === undefined ? "" : `: ${wanted} is no Python`;
  throw new SetupError(
    `JupyterLab needs Python ${OLDEST.join(".")} or newer, and none was found${found}. Install one (Debian, Ubuntu: ` +
      `apt-get install python3 python3-venv) or name it with --python, and run this again. ${WITHOUT}`,
  );
}

/** Whether .venv holds what requirements.txt asks for and its Python still runs. */
export async function isVenvComplete(): Promise<boolean> {
  if (!existsSync(PLACES.venvComplete)) return false;
  if (readFileSync(PLACES.venvComplete, "utf8") !== readFileSync(PLACES.requirements, "utf8")) return false;
  return (await runCommand(PLACES.venvPython, ["-c", "pass"])).code === 0;
}

/**
 * Makes .venv and fetches the packages. Mends whatever an earlier try has left: a broken environment is made anew, a
 * complete one is only added to.
 * @param onStep Called with what is being done.
 */
export async function makeVenv(python: Python, onStep: (what: string) => void): Promise<void> {
  const usable = (await runCommand(PLACES.venvPython, ["-m", "pip", "--version"])).code === 0;
  if (!usable) {
    onStep("making .venv");
    rmSync(PLACES.venv, { recursive: true, force: true });
    const { code, stdout, stderr } = await runCommand(python.path, ["-m", "venv", PLACES.venv]);
    if (code !== 0) {
      throw new SetupError(
        `${python.path} could not make a virtual environment in ${PLACES.venv}: ${lastLine(stdout + stderr)}. ` +
          `Debian, Ubuntu: apt-get install python3-venv; then run this again. ${WITHOUT}`,
      );
    }
  }
  mkdirSync(PLACES.venv, { recursive: true });
  const { code, stderr } = await runCommand(
    PLACES.venvPython,
    [
      "-m",
      "pip",
      "install",
      "--disable-pip-version-check",
      "--no-input",
      "--progress-bar",
      "off",
      "-r",
      PLACES.requirements,
    ],
    { onLine: (line) => onStep(describePip(line)) },
  );
  if (code !== 0) {
    throw new SetupError(
      `JupyterLab could not be fetched from PyPI: ${
        lastLine(stderr)
      }. Check the connection and run this again; it goes ` +
        `on where it stopped. ${WITHOUT}. A Jupyter that you already have is used with --jupyter PATH.`,
    );
  }
  writeFileSync(PLACES.venvComplete, readFileSync(PLACES.requirements));
}

/** pip's line without its details: the package's name. */
function describePip(line: string): string {
  const name = line.match(/^\s*(Collecting|Downloading|Using cached|Requirement already satisfied:?) ([\w.-]+)/)?.[2];
  if (name) return name.replace(/-\d.*/, "");
  return line.startsWith("Installing") ? "installing" : line.trim().slice(0, 40);
}

function lastLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) =>
    line !== "" && !line.startsWith("[notice]")
  );
  return (lines.findLast((line) => line.startsWith("ERROR:")) ?? lines.at(-1) ?? "no reason given").replace(
    /^ERROR:\s*/,
    "",
  )
    .replace(/\.$/, "");
}
