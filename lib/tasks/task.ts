/** How a task reads its command line: by commander, as the commands of `interleave` do. */
import type { Command, CommanderError } from "commander";
import process from "node:process";
import { fileProblem } from "../host/file_problem.ts";

/** The package, handed to a task rather than imported by it: `start` and `doctor` have to run before it is there. */
export type Commander = typeof import("commander");

const BAD_INPUT = 2;

/**
 * Runs a task with the arguments that it was given, and ends the process with the exit code that it sets; 2, with a
 * message, for an option that there is not.
 *
 * @param command the task's command line; its action is the task
 * @param bare the task where no argument is given and npm packages may not be there yet
 */
export async function runTask(
  command: (commander: Commander) => Command,
  { args = process.argv.slice(2), bare }: { args?: readonly string[]; bare?: () => Promise<void> } = {},
): Promise<never> {
  try {
    if (args.length === 0 && bare) await bare();
    else await parse(command, args);
  } catch (error) {
    const problem = fileProblem(error);
    if (problem === undefined) throw error;
    console.error(problem);
    process.exitCode = BAD_INPUT;
  }
  process.exit();
}

async function parse(command: (commander: Commander) => Command, args: readonly string[]): Promise<void> {
  // With a literal here Deno would fetch packages before the task begins.
  const name = "commander";
  let commander: Commander;
  try {
    commander = await import(name);
  } catch (error) {
    console.error(`Options cannot be read yet, for npm packages are missing: run deno install first.\n${error}`);
    process.exitCode = BAD_INPUT;
    return;
  }
  try {
    await command(commander).exitOverride().showHelpAfterError("(add --help for more)")
      .parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof commander.CommanderError)) throw error;
    // It has printed its message already; asking for help is no mistake.
    process.exitCode = (error as CommanderError).exitCode === 0 ? 0 : BAD_INPUT;
  }
}

/** For an option that takes a whole number. */
export function wholeNumber({ InvalidArgumentError }: Commander, least: number, most = Infinity) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(
      `It takes a whole number from ${least}${most === Infinity ? "" : ` to ${most}`}.`,
    );
  };
}
