/** `completion SHELL`: a script by which a shell completes commands, options and files. */
import { Argument, Command } from "commander";
import process from "node:process";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

/** A command as a shell needs to know it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
}

export interface CompletedOption {
  /** `--cpus`, `-o`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** The values that there are; empty where any is taken. */
  readonly choices: readonly string[];
}

export function command(): Command {
  return new Command("completion")
    .summary("a script that completes this command line in a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .addHelpText(
      "after",
      '\nbash, in ~/.bashrc: eval "$(interleave completion bash)"\nzsh, in ~/.zshrc after compinit: ' +
        'eval "$(interleave completion zsh)"\nfish: interleave completion fish > ~/.config/fish/completions/interleave.fish',
    )
    .action(async (shell: Shell) => void process.stdout.write(completionScript(shell, await allCommands())));
}

/** Every command with its options. */
export async function allCommands(): Promise<CompletedCommand[]> {
  const { COMMANDS } = await import("./commands.ts");
  return await Promise.all(COMMANDS.map(async ({ name, summary, load }) => {
    const { options } = (await load()).command();
    return {
      ...{ name, summary },
      options: options.map(({ short, long, description, required, optional, argChoices }) => ({
        flags: [short, long].filter((flag) => flag !== undefined),
        ...{ description, takesValue: required || optional, choices: argChoices ?? [] },
      })),
    };
  }));
}

export const completionScript = (shell: Shell, commands: readonly CompletedCommand[]): string =>
  ({ bash, zsh, fish })[shell](commands);

const names = (commands: readonly CompletedCommand[]): string => commands.map(({ name }) => name).join(" ");

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options }) => {
    const flags = options.flatMap((one) => one.flags).concat("--help").join(" ");
    const values = options.filter(({ choices }) => choices.length > 0).map(({ flags, choices }) =>
      `      ${flags.map((flag) => `${name}:${flag}`).join("|")}) words="${choices.join(" ")}"; values=1 ;;`
    );
    return { flags: `    ${name}) flags="${flags}" ;;`, values };
  });
  return `_interleave() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  local flags="" words="" values=0
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names(commands)} --help --version" -- "$current"))
    return
  fi
  case "$command" in
${cases.map(({ flags }) => flags).join("\n")}
  esac
  case "$command:$before" in
${
    [
      '      completion:completion) words="' + SHELLS.join(" ") + '"; values=1 ;;',
      ...cases.flatMap(({ values }) => values),
    ].join("\n")
  }
  esac
  if [ "$values" -eq 1 ]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _interleave interleave
`;
}

/** As zsh reads it between single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** What `_arguments` takes for a sign of its own. */
const described = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&");

function zsh(commands: readonly CompletedCommand[]): string {
  const list = commands.map(({ name, summary }) => `    ${quoted(`${name}:${described(summary)}`)}`).join("\n");
  const cases = commands.map(({ name, options }) => {
    const specs = options.flatMap(({ flags, description, takesValue, choices }) =>
      flags.map((flag) => {
        const value = takesValue ? `:value:${choices.length > 0 ? `(${choices.join(" ")})` : "_files"}` : "";
        return quoted(`${flag}[${described(description)}]${value}`);
      })
    );
    const rest = name === "completion" ? quoted(`*:shell:(${SHELLS.join(" ")})`) : quoted("*:file:_files");
    return `    ${name}) _arguments ${[...specs, rest].join(" ")} ;;`;
  });
  return `#compdef interleave
_interleave() {
  local -a commands
  commands=(
${list}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join("\n")}
  esac
}
compdef _interleave interleave
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const single = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c interleave -n __fish_use_subcommand -f -a ${name} -d ${single(summary)}`,
    ...options.map(({ flags, description, takesValue, choices }) => {
      const names = flags.map((flag) => flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`).join(
        " ",
      );
      const value = takesValue ? ` -r${choices.length > 0 ? ` -f -a ${single(choices.join(" "))}` : ""}` : "";
      return `complete -c interleave -n "__fish_seen_subcommand_from ${name}" ${names} -d ${
        single(description)
      }${value}`;
    }),
  ]);
  const shells = `complete -c interleave -n "__fish_seen_subcommand_from completion" -f -a ${single(SHELLS.join(" "))}`;
  return [...lines, shells, ""].join("\n");
}
