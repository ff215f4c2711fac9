/**
 * `deno task -q interleave <command>`: what the notebooks do, without a notebook.
 *
 * Exit status: 0 fine, 1 the check said no, 2 bad input (the message is on standard error).
 */
import { Command, CommanderError } from "commander";
import process from "node:process";
import { COMMANDS } from "./cli/commands.ts";
import { version } from "./cli/version.ts";
import "./host/language.ts";
import { fileProblem } from "./host/file_problem.ts";

const BAD_INPUT = 2;
async function main(args: readonly string[]): Promise<void> {
  const program = new Command("interleave").description("eBPF concurrency: one listing, three machines");
  program.version(version(), "--version", "the version of interleave").exitOverride().showHelpAfterError(
    "(add --help for more)",
  );
  const wanted = COMMANDS.find((command) => command.name === args[0]);
  // Only the command that runs is loaded: the others bring machines along that it does not need.
  for (const { name, summary } of COMMANDS) if (name !== wanted?.name) program.command(name).summary(summary);
  if (wanted) program.addCommand((await wanted.load()).command().exitOverride());
  // The compiler's own spelling, which is no option of one letter.
  const spelled = args.map((arg) => arg === "-include" ? "--include-file" : arg);
  await program.parseAsync(spelled, { from: "user" });
}

/** The message; where it came from only on request, since the reader's input is nearly always what was wrong. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env.INTERLEAVE_STACK) return error.stack ?? error.message;
  const problem = fileProblem(error);
  if (problem !== undefined) return problem;
  const own = error instanceof TypeError || error instanceof ReferenceError;
  return own ? `${error.message} (a fault of interleave itself: INTERLEAVE_STACK=1 shows where)` : error.message;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommanderError) {
    // It has printed its message already; asking for help is no mistake.
    process.exitCode = error.exitCode === 0 ? 0 : BAD_INPUT;
  } else {
    process.stderr.write(`error: ${describe(error)}\n`);
    process.exitCode = BAD_INPUT;
  }
}
