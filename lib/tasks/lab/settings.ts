/** JupyterLab as the book needs it: its settings and its style, written into .venv and .jupyter at every start. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fontsCss } from "../fonts_css.ts";
import { PLACES } from "./places.ts";

const OVERRIDES = {
  // No question about news on the first start: it would need the net.
  "@jupyterlab/apputils-extension:notification": { fetchNews: "false", checkForUpdates: false },
  "@jupyterlab/notebook-extension:tracker": {
    // Cells out of sight are drawn once and kept, or else figures are drawn anew, and the page jumps, whenever they come
    // into sight.
    windowingMode: "defer",
    // The end of a long line is worth reading too.
    codeCellConfig: { lineWrap: true },
  },
};

const CSS = `
/* A kept picture may have twice the size of its figure, for sharp screens, or once; plotly's renderer does not know. */
.jp-RenderedPlotly img.plot-img { max-width: min(100%, 760px); }
/* A figure wider than the page can be moved, and so can a table of text: broken lines cannot be read as a table. */
.jp-OutputArea-output.jp-RenderedPlotly { overflow-x: auto; }
.jp-OutputArea-output:not([data-mime-type$="stderr"]) pre { overflow-x: auto; }
.jp-OutputArea-output:not([data-mime-type$="stderr"]) :is(pre, pre code) { white-space: pre; }
.jp-OutputArea-output.jp-RenderedMarkdown table { display: block; width: max-content; max-width: 100%; overflow-x: auto; }
/* Figures are drawn on white: in a dark theme light and dark change places, and hues stay, for they mean techniques. */
body[data-jp-theme-light="false"] :is(.jp-RenderedSVG, .jp-RenderedImage, .interleave-slider, .interleave-player) img,
body[data-jp-theme-light="false"] .jp-RenderedPlotly {
  filter: invert(0.91) hue-rotate(180deg);
}
.jp-OutputArea-output.jp-RenderedMarkdown pre { margin: 0; }
.jp-OutputArea-output.jp-RenderedMarkdown :is(pre, pre code) { font-size: 12px; }
`;

/** Writes both. */
export function writeSettings(): void {
  const settings = join(PLACES.venv, "share", "jupyter", "lab", "settings");
  mkdirSync(settings, { recursive: true });
  writeFileSync(join(settings, "overrides.json"), JSON.stringify(OVERRIDES, null, 2));
  const custom = join(PLACES.jupyter, "config", "custom");
  mkdirSync(custom, { recursive: true });
  writeFileSync(join(custom, "custom.css"), CSS + fontsCss());
}
