/** The fonts that figures are drawn with, as style sheets for pages that draw them: in others their texts do not fit. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FACES = [
  { family: "Inter", weight: "400", file: "Inter-Regular.ttf" },
  { family: "Inter", weight: "600 700", file: "Inter-SemiBold.ttf" },
  { family: "JetBrains Mono", weight: "400", file: "JetBrainsMono-Regular.ttf" },
  { family: "JetBrains Mono", weight: "600 700", file: "JetBrainsMono-Bold.ttf" },
];

/** `@font-face` rules that hold the fonts themselves, so that they work from any address and from disk. */
export function fontsCss(): string {
  return FACES.map(({ family, weight, file }) => {
    const bytes = readFileSync(fileURLToPath(new URL(`../plot/assets/${file}`, import.meta.url)));
    return `/* ${file} */\n@font-face {\n  font-family: "${family}";\n  font-weight: ${weight};\n` +
      `  src: url(data:font/ttf;base64,${bytes.toString("base64")}) format("truetype");\n}\n`;
  }).join("");
}
