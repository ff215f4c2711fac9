/** The Python side: finds Python, makes virtual environments, fetches JupyterLab. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PLACES, pythonOf } from "./places.ts";
import { runCommand } from "./subprocess.ts";

/** JupyterLab 4.6 needs it. */
const OLDEST: readonly [number, number] = [3, 10];

/** Newer and older Pythons can stand side by side; the plain name may be an old one. */
const NAMES = ["python3", "python", "py", ...[14, 13, 12, 11, 10].map((minor) => `python3.${minor}`)];

/** pip's words, among its warnings, when it cannot reach the index at all. */
const UNREACHABLE = /Connection refused|Name or service not known|name resolution|Network is unreachable|timed out/i;

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
  for (const path of wanted === undefined ? NAMES : [wanted]) {
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
        `${path} (${version}) lacks the module venv. Install it (Debian, Ubuntu: apt-get install python3-venv) ` +
          `and run this again.`,
      );
    }
    return { path, version };
  }
  const found = tried.length > 0 ? ` (${tried.join(", ")})` : wanted === undefined ? "" : ` (${wanted} is no Python)`;
  throw new SetupError(
    `Python ${OLDEST.join(".")} or newer is needed, and none was found${found}. Install one (Debian, Ubuntu: ` +
      `apt-get install python3 python3-venv) or name it with --python PATH, and run this again.`,
  );
}

/** A virtual environment and what belongs into it. */
export interface Environment {
  readonly folder: string;
  readonly requirements: string;
  /** What it holds, for messages. */
  readonly what: string;
}

export const LAB: Environment = { folder: PLACES.venv, requirements: PLACES.requirements, what: "JupyterLab" };

/** Written when all packages are there. */
const COMPLETE = "interleave-complete.txt";

/** Whether the environment holds what its requirements ask for and its Python still runs. */
export async function isComplete({ folder, requirements }: Environment): Promise<boolean> {
  const complete = join(folder, COMPLETE);
  if (!existsSync(complete) || readFileSync(complete, "utf8") !== readFileSync(requirements, "utf8")) return false;
  return (await runCommand(pythonOf(folder), ["-c", "pass"])).code === 0;
}

/**
 * Makes the environment and fetches its packages. Mends whatever an earlier try has left: a broken environment is made
 * anew, a working one is only added to.
 * @param onStep Called with what is being done.
 */
export async function makeEnvironment(
  { folder, requirements, what }: Environment,
  python: Python,
  onStep: (what: string) => void,
): Promise<void> {
  const ownPython = pythonOf(folder);
  if ((await runCommand(ownPython, ["-m", "pip", "--version"])).code !== 0) {
    onStep("making a virtual environment");
    rmSync(folder, { recursive: true, force: true });
    const { code, stdout, stderr } = await runCommand(python.path, ["-m", "venv", folder]);
    if (code !== 0) {
      throw new SetupError(
        `${python.path} could not make a virtual environment in ${folder}: ${lastLine(stdout + stderr)}. ` +
          `Debian, Ubuntu: apt-get install python3-venv; then run this again.`,
      );
    }
  }
  const { code, stderr } = await runCommand(
    ownPython,
    [
      "-m",
      "pip",
      "install",
      "--disable-pip-version-check",
      "--no-input",
      "--progress-bar",
      "off",
      "-r",
      requirements,
    ],
    { onLine: (line) => onStep(describePip(line)) },
  );
  if (code !== 0) {
    const reason = UNREACHABLE.test(stderr) ? "PyPI was not reached" : lastLine(stderr);
    throw new SetupError(
      `${what} could not be fetched: ${reason}. Check the connection and run this again; it goes on where it stopped.`,
    );
  }
  writeFileSync(join(folder, COMPLETE), readFileSync(requirements));
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
