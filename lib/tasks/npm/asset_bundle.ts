/** All that lib/ reads beside its modules, as one bundle for hosts without files. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { shippedFolders } from "../../compile/folders.ts";
import { kernelHeaderKey } from "../../compile/kernel_header.ts";
import type { FileBundle } from "../../host/provided.ts";
import { WIDGET_ASSET } from "../../player/widget_script.browser.ts";
import { widgetScript } from "../../player/widget_script.ts";

/** In the order in which a page comes to need them. `vmlinux.h` is for compilers only, and as large as all of these. */
const FOLDERS = ["compile/include", "verifier/kernel", "cost", "backends/recorded", "plot/assets", "words/catalogues"];
const TEXT = /\.(jsonl?|h|c|txt)$/, BINARY = /\.(ttf|o)$/, LICENCE = /-OFL\.txt$/;

/**
 * @param project folder of a checkout
 */
export function assetBundle(project: string): FileBundle {
  const texts: Record<string, string> = {
    "compile/vmlinux.h.key": kernelHeaderKey(),
    [WIDGET_ASSET]: widgetScript(),
  };
  const binaries: Record<string, string> = {};
  const add = (name: string, path: string) => {
    if (TEXT.test(name) && !LICENCE.test(name)) texts[name] = readFileSync(path, "utf8").replaceAll("\r\n", "\n");
    else if (BINARY.test(name)) binaries[name] = readFileSync(path, "latin1");
  };
  for (const folder of FOLDERS) {
    const path = join(project, "lib", folder);
    for (const name of readdirSync(path, { recursive: true }).map(String).sort()) {
      add(`${folder}/${name.replaceAll("\\", "/")}`, join(path, name));
    }
  }
  const [objects] = shippedFolders(project);
  for (const name of readdirSync(objects).sort()) add(`compile/objects/${basename(name)}`, join(objects, name));
  return { texts, binaries };
}

/** The bundle as a module of plain JavaScript. */
export const assetModule = (bundle: FileBundle): string => `export const bundle = ${literal(bundle)};\n`;

/** As JSON, but objects are mostly zeros: `\0` is a third of what JSON writes for one. */
const literal = (bundle: FileBundle): string =>
  JSON.stringify(bundle).replace(/\\(?:u00([01][\da-f])(\d?)|[^])/g, (escape, code, digit) => {
    if (code === undefined) return escape;
    return (code === "00" && digit === "" ? "\\0" : `\\x${code}`) + digit;
  });
