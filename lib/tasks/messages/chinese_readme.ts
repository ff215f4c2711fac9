/** README.zh.md: what a newcomer needs of README.md, in Chinese, and where the rest is. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { translateMarkdown } from "./markdown_texts.ts";

/** Reference for who works with the code: read where it is kept up to date. */
const LEFT_OUT = ["Tasks", "Command line", "What is where", "As a library", "What is not supported"];

const LANGUAGE = "`npx -y deno@2.8.1 task start --lang zh` opens the chapters in Chinese.";
const REST =
  "The tasks, the command line, the map of the code and the list of what is not supported are in [README.md](README.md).";

/** What of README.md is translated. */
export function readmeSource(project: string): string {
  const text = readFileSync(join(project, "README.md"), "utf8").replaceAll("\r\n", "\n");
  const [head, ...sections] = text.split(/^(?=## )/m).map((part) => part.replace("\n[中文](README.zh.md)\n", ""));
  const kept = sections.filter((section) => !LEFT_OUT.includes(/^## (.*)/.exec(section)![1]));
  const last = kept.pop()!;
  return [head.trimEnd(), `\n\n${LANGUAGE}\n\n`, ...kept, `${REST}\n\n`, last].join("");
}

/** README.zh.md as a whole. */
export const chineseReadme = (project: string, translate: (id: string) => string | undefined): string =>
  translateMarkdown(readmeSource(project), translate);
