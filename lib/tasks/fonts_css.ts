/** The fonts that figures are drawn with, as style sheets for pages that draw them: in others their texts do not fit. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FACES = [
  { family: "Inter", weight: "400", file: "Inter-Regular.ttf" },
  { family: "Inter", weight: "600 700", file: "Inter-SemiBold.ttf" },
  { family: "JetBrains Mono", weight: "400", file: "JetBrainsMono-Regular.ttf" },
  { family: "JetBrains Mono", weight: "600 700", file: "JetBrainsMono-Bold.ttf" },
  { family: "Noto Sans SC", weight: "400", file: "NotoSansSC-Regular.ttf" },
  { family: "Noto Sans SC", weight: "600 700", file: "NotoSansSC-SemiBold.ttf" },
];

/** Where the fonts of figures are. */
export const FONT_FILES: readonly string[] = FACES.map(({ file }) =>
  fileURLToPath(new URL(`../plot/assets/${file}`, import.meta.url))
);

/**
 * `@font-face` rules.
 *
 * @param folder where a style sheet finds the fonts, relative to it; without one the rules hold the fonts themselves, so
 * that they work from any address
 */
export function fontsCss(folder?: string): string {
  return FACES.map(({ family, weight, file }, index) => {
    const address = folder === undefined
      ? `data:font/ttf;base64,${readFileSync(FONT_FILES[index]).toString("base64")}`
      : `${folder}/${file}`;
    return `/* ${file} */\n@font-face {\n  font-family: "${family}";\n  font-weight: ${weight};\n` +
      `  src: url(${address}) format("truetype");\n}\n`;
  }).join("");
}
