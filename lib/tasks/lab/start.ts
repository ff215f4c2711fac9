/** `deno task start`: sets the lab up as far as it is not yet, and opens the first chapter in JupyterLab. */
import type { Command } from "commander";
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { type Commander, runTask, wholeNumber } from "../task.ts";
import { keepDeno, writeKernelspec } from "./kernelspec.ts";
import { writeLabextension } from "./labextension.ts";
import { DENO_VERSION, PLACES, PROJECT } from "./places.ts";
import { findPython, isComplete, LAB, makeEnvironment, SetupError } from "./python.ts";
import { runCommand } from "./subprocess.ts";
import { ensureFree, lessonAddress, runningServers, runServer } from "./server.ts";
import { AS_A_USER } from "../../backends/linux/available.ts";
import { step } from "./steps.ts";

const OTHER_WAYS =
  `Other ways: a Jupyter that you have already (--jupyter PATH); VS Code with its extension Jupyter, where the
kernel is called Deno; no front end at all (npx -y deno@${DENO_VERSION} task run).`;

const AS_ROOT =
  `You are root: every cell, and whoever gets at the lab's address, can do what root can. The machine linux needs two
capabilities only; as an ordinary user:
  ${AS_A_USER}
`;

interface Options {
  /** Path below the project of the notebook to open. */
  readonly lesson?: string;
  readonly browser: boolean;
  readonly port?: number;
  readonly jupyter?: string;
  readonly python?: string;
  readonly setupOnly?: boolean;
  /** In which language the chapters are. */
  readonly lang?: "en" | "zh";
}

export const command = (commander: Commander): Command =>
  new commander.Command("deno task start")
    .description(
      "Opens the first chapter in JupyterLab. The first start fetches JupyterLab into .venv (a minute or two); later " +
        "ones need no network. Everything stays inside this folder.",
    )
    .argument("[chapter]", "file in notebooks/ to open (default: the first)", chapterPath(commander))
    .addOption(
      new commander.Option("--lang <language>", "zh: chapters in Chinese, made in notebooks/zh of the English ones")
        .choices(["en", "zh"]),
    )
    .option("--no-browser", "print the address and open nothing")
    .option(
      "--port <n>",
      "listen on port n (default: 8888, or the next free one)",
      wholeNumber(commander, 1, 65535),
    )
    .option("--jupyter <path>", "use the Jupyter that you already have: its program jupyter or jupyter-lab")
    .option("--python <path>", "make .venv with this Python (default: python3 or python, 3.10 or newer)")
    .option("--setup-only", "set everything up and start nothing")
    .action((lesson: string | undefined, options: Options) => main({ ...options, lesson }));

/** Where a chapter is, whether it was named with its folder or without. */
function chapterPath({ InvalidArgumentError }: Commander) {
  return (chapter: string): string => {
    const path = join(dirname(PLACES.firstNotebook), basename(chapter));
    if (existsSync(join(PROJECT, path))) return path;
    const names = readdirSync(join(PROJECT, dirname(path))).filter((name) => name.endsWith(".ipynb")).sort();
    throw new InvalidArgumentError(`There are: ${names.join(", ")}.`);
  };
}

/** Sets up Deno, npm packages, JupyterLab and kernel; returns the command line that starts Jupyter. */
export async function setUp(options: Pick<Options, "jupyter" | "python">): Promise<string[]> {
  const { deno, note } = await step("Deno for the notebooks", keepDeno);
  if (note) console.log(`  ${note}`);
  await step("packages from npm", installPackages);
  writeKernelspec(deno);
  writeLabextension(PLACES.jupyter);
  let command: string[];
  if (options.jupyter === undefined) {
    if (!await isComplete(LAB)) await fetchJupyterLab(options.python);
    command = [PLACES.venvPython, PLACES.quickJupyterlab];
  } else {
    command = await step("your Jupyter", () => checkJupyter(options.jupyter!));
  }
  writeKernelspec(deno); // again, for VS Code looks into .venv
  return command;
}

async function fetchJupyterLab(wanted?: string): Promise<void> {
  try {
    const python = await step("Python", () => findPython(wanted));
    await step("JupyterLab", (detail) => makeEnvironment(LAB, python, detail));
  } catch (error) {
    if (error instanceof SetupError) error.message += `\n${OTHER_WAYS}`;
    throw error;
  }
}

/** The chapter to open, in the language that was asked for: the Chinese ones are made. */
async function lessonIn({ lang, lesson }: Options): Promise<string | undefined> {
  if (lang !== "zh") return lesson;
  // Only now, as it takes packages.
  const { CHINESE_NOTEBOOKS, writeChineseNotebooks } = await import("../messages/chinese_notebooks.ts");
  await step("中文 chapters", () => Promise.resolve(writeChineseNotebooks(PROJECT)));
  return join(CHINESE_NOTEBOOKS, basename(lesson ?? PLACES.firstNotebook));
}

/** What the notebooks import, so that they need no network later. */
async function installPackages(): Promise<void> {
  const { code, stderr } = await runCommand(Deno.execPath(), ["install", "--quiet"], { env: { RUST_BACKTRACE: "0" } });
  if (code !== 0 && !existsSync(join(PROJECT, "node_modules", ".deno"))) {
    throw new SetupError(
      `The packages that notebooks need could not be fetched from npm: ${stderr.trim().split("\n")[0]}. ` +
        "Check the connection and run this again.",
    );
  }
}

/** The command line of the reader's own Jupyter; says when it cannot draw interactive figures. */
async function checkJupyter(path: string): Promise<string[]> {
  const command = /jupyter-lab(\.exe)?$/.test(path) ? [path] : [path, "lab"];
  const { code, stdout, stderr } = await runCommand(command[0], [...command.slice(1), "--version"]);
  if (code !== 0) {
    const reason = stderr.trim().split("\n").at(-1);
    throw new SetupError(`${path} is no Jupyter with JupyterLab: ${reason}. Leave --jupyter out to have one fetched.`);
  }
  if (Number(stdout.trim().split(".")[0]) < 4) {
    throw new SetupError(`${path} has JupyterLab ${stdout.trim()}; the notebooks need 4 or newer.`);
  }
  const extensions = await runCommand(path.replace(/-lab(\.exe)?$/, "$1"), ["labextension", "list"]);
  if (extensions.code === 0 && !(extensions.stdout + extensions.stderr).includes("plotly")) {
    console.log("  It shows figures as pictures; for interactive ones install the Python package plotly beside it.");
  }
  return command;
}

async function main(options: Options): Promise<void> {
  try {
    process.exitCode = await start(options);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}

async function start(options: Options): Promise<number> {
  const running = (await runningServers()).find(({ port }) => options.port === undefined || options.port === port);
  if (running && !options.setupOnly) {
    console.log(`JupyterLab runs already: ${lessonAddress(running, await lessonIn(options))}`);
    return 0;
  }
  if (options.port !== undefined) await ensureFree(options.port);
  if (process.getuid?.() === 0) console.warn(AS_ROOT);
  const command = await setUp(options);
  if (options.setupOnly) return 0;
  const lesson = await lessonIn(options);
  return await runServer(
    {
      command,
      port: options.port,
      lesson,
      openBrowser: options.browser,
      ownSettings: options.jupyter === undefined,
    },
    (address) => console.log(`\nJupyterLab: ${address}\nCtrl-C ends it.`),
  );
}

if (import.meta.main) await runTask(command, { bare: () => main({ browser: true }) });
