/** What a reader sees where no script runs (GitHub, nbconvert, mail): of each output a picture, or text to read. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { type MimeBundle, readNotebook } from "../../lib/jupyter/notebook_file.ts";

const NOTEBOOKS = new URL("../../notebooks/", import.meta.url);
const PICTURES = ["image/png", "image/svg+xml", "image/jpeg"];
/** The order in which GitHub and nbconvert look for a form that they draw; HTML before pictures. */
const ORDER = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain"];
/** Shorter is no account of a figure. */
const SHORTEST = 2;

/** What is left of a page without its scripts, its style and its pictures' addresses, as GitHub leaves it. */
function readable(html: string): string {
  const { document } = parseHTML(`<!doctype html><html><body>${html}</body></html>`);
  for (const element of document.querySelectorAll("script, style, noscript, template")) element.remove();
  return (document.body.textContent ?? "").trim();
}

/** Why an output says nothing there; undefined where it says something. */
function whyMute(data: MimeBundle): string | undefined {
  const form = ORDER.find((mime) => mime in data);
  if (form === undefined) return `it has only ${Object.keys(data).join(", ")}`;
  const value = data[form], text = typeof value === "string" ? value : "";
  if (PICTURES.includes(form)) return text.length > 100 ? undefined : "its picture is empty";
  const said = form === "text/html" ? readable(text) : text.trim();
  if (said.length < SHORTEST) return `its ${form} is empty`;
  if (/\[object \w+\]|\bundefined\b.*\bundefined\b|^</.test(form === "text/plain" ? said : "")) {
    return "its text is none";
  }
  // HTML hides the picture beside it: what the picture tells has to stand there as a table, in words or drawn.
  const beside = PICTURES.some((mime) => mime in data);
  if (form === "text/html" && beside && !/<table|<img|<svg/.test(text)) return "its HTML hides the picture";
  if (form === "text/markdown" && beside) return "its Markdown hides the picture";
  return undefined;
}

describe("outputs where no script runs", () => {
  for (const name of readdirSync(NOTEBOOKS).filter((file) => file.endsWith(".ipynb")).sort()) {
    it(`${name}: each has a picture or text`, () => {
      const { cells } = readNotebook(fileURLToPath(new URL(name, NOTEBOOKS)));
      const mute = cells.flatMap((cell, at) =>
        cell.cell_type !== "code" ? [] : cell.outputs.flatMap((output) => {
          const why = "data" in output ? whyMute(output.data) : undefined;
          return why === undefined ? [] : [`cell ${at + 1}: ${why}`];
        })
      );
      expect(mute).toEqual([]);
    });
  }

  it("of which a plot alone, an empty widget or a hidden picture would be none", () => {
    const png = "x".repeat(200);
    const mutes: MimeBundle[] = [
      { "application/vnd.plotly.v1+json": { data: [] } },
      { "text/html": "<div id=p></div><script>draw()</script>", "text/plain": "a figure" },
      { "text/html": "<p>see the figure</p>", "image/png": png },
      { "text/markdown": "**a figure**", "image/png": png },
      { "image/png": "" },
      { "text/plain": "[object Object]" },
    ];
    for (const data of mutes) expect(whyMute(data)).toBeDefined();
    expect(whyMute({ "image/png": png, "text/plain": "a figure" })).toBeUndefined();
    expect(whyMute({ "text/html": "<table><tr><td>step 1</td></tr></table>", "image/png": png })).toBeUndefined();
  });
});
