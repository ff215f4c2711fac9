/** `deno task chinese-fonts`: cuts the Chinese font of figures down to the letters that translations have. */
import type { Command } from "commander";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./lab/places.ts";
import { runCommand } from "./lab/subprocess.ts";
import { readCatalogue } from "./messages/catalogue_file.ts";
import { CATALOGUES, chapterNames, LIBRARY_CATALOGUES } from "./messages/sources.ts";
import { type Commander, runTask } from "./task.ts";

const PACKAGE = "@expo-google-fonts/noto-sans-sc@0.4.3";
/** As the package names them, and as they are shipped. */
const FONTS = [
  ["400Regular/NotoSansSC_400Regular.ttf", "NotoSansSC-Regular.ttf"],
  ["600SemiBold/NotoSansSC_600SemiBold.ttf", "NotoSansSC-SemiBold.ttf"],
] as const;

/** Always there: ASCII, and what stands between Chinese words. */
const ALWAYS = String.fromCharCode(...Array.from({ length: 95 }, (_, n) => 0x20 + n)) +
  "\u00a0·×–—‘’“”…、。《》「」『』【】！（），：；？％～";

/** The letters that figures can have: those of the library's texts, and of what chapters' cells say. */
export function chineseLetters(project: string): string {
  const texts = [...LIBRARY_CATALOGUES, ...chapterNames(project)].flatMap((name) => {
    const entries = readCatalogue(join(project, CATALOGUES, `${name}.po`));
    const isLibrary = (LIBRARY_CATALOGUES as readonly string[]).includes(name);
    return entries.filter(({ notes }) => isLibrary || notes.includes("in code")).map(({ translation }) => translation);
  });
  const han = texts.join("").match(/\p{Script=Han}/gu) ?? [];
  return [...new Set([...ALWAYS, ...han])].sort().join("");
}

async function cut(project: string): Promise<void> {
  const { default: subset } = await import("subset-font");
  const folder = join(project, ".cache", "fonts");
  mkdirSync(folder, { recursive: true });
  const packed = await runCommand("npm", ["pack", "--silent", "--pack-destination", folder, PACKAGE]);
  if (packed.code !== 0) throw new Error(`npm pack ${PACKAGE}: ${packed.stderr}`);
  const unpacked = await runCommand("tar", [
    "xzf",
    join(folder, packed.stdout.trim().split("\n").at(-1)!),
    "-C",
    folder,
  ]);
  if (unpacked.code !== 0) throw new Error(`tar: ${unpacked.stderr}`);
  const letters = chineseLetters(project), assets = join(project, "lib", "plot", "assets");
  for (const [from, to] of FONTS) {
    const bytes = await subset(readFileSync(join(folder, "package", from)), letters, {
      ...{ targetFormat: "truetype", noLayoutClosure: true },
      // The family's own name, and the face's.
      preserveNameIds: [16, 17],
    });
    writeFileSync(join(assets, to), bytes);
    console.log(`${to}: ${[...letters].length} letters, ${Math.round(bytes.length / 1000)} kB`);
  }
  writeFileSync(join(assets, "NotoSansSC-OFL.txt"), readFileSync(join(folder, "package", "LICENSE_FONT")));
}

export const command = ({ Command }: Commander): Command =>
  new Command("deno task chinese-fonts")
    .description(
      "Cuts Noto Sans SC (npm, SIL Open Font License) down to the letters that the translations of the library have, for " +
        "lib/plot/assets. Takes npm and tar, and fetches 57 MB into .cache.",
    )
    .action(() => cut(PROJECT));

if (import.meta.main) await runTask(command);
