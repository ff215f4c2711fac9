/** The project's labextension, written into .jupyter, where every Jupyter that we start looks for them. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "../../host/hash.ts";
import { cInListings } from "./c_in_listings.ts";

/** The global that JupyterLab looks for containers in, by the name of the extension. */
const GLOBAL = "_JUPYTERLAB";
const LABEXTENSION = "interleave-c-in-listings";

/** Its files, by path. */
function labextensionFiles(): Record<string, string> {
  const name = JSON.stringify(LABEXTENSION);
  const script = `(window.${GLOBAL} ??= {})[${name}] = (${cInListings})(${name});\n`;
  // Pages are kept by browsers for long: another text needs another name.
  const load = `static/remoteEntry.${sha256Hex(script).slice(0, 16)}.js`;
  const about = {
    name: LABEXTENSION,
    version: "1.0.0",
    description: "Colours C in the listings of TypeScript cells.",
    license: "MIT",
    jupyterlab: { extension: true, _build: { load, extension: "./extension" } },
  };
  return { "package.json": JSON.stringify(about, null, 2) + "\n", [load]: script };
}

/** @param jupyter a folder of Jupyter's path */
export function writeLabextension(jupyter: string): void {
  const folder = join(jupyter, "labextensions", LABEXTENSION), files = labextensionFiles();
  mkdirSync(join(folder, "static"), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  for (const name of readdirSync(join(folder, "static"))) {
    if (!(`static/${name}` in files)) rmSync(join(folder, "static", name));
  }
}
