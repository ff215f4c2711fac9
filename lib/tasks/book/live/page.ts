/**
 * What every page loads: a script as old as scripts are, so that it runs from disk, too. Where the site is served it
 * fetches the live parts; from disk it says how to serve them.
 */
import { EDITION } from "./words.ts";
import { keepForOffline } from "./offline.ts";
import { SERVE, SERVE_PYTHON, texts } from "./texts.ts";

/** Names of the modules, which change with what is in them. */
declare const NOTEBOOK: string, PLAY: string;

/** Where this script is; workers and data are beside it. */
const PLACE = (document.currentScript as HTMLScriptElement).src;

function code(text: string): HTMLElement {
  const element = document.createElement("code");
  element.textContent = text;
  return element;
}

if (location.protocol !== "file:") {
  addEventListener("load", () => keepForOffline(new URL("../../sw.js", PLACE), EDITION));
}

addEventListener("DOMContentLoaded", () => {
  // The other edition is opened where this one is read.
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a.language-switch")) {
    link.addEventListener("click", () => link.hash = location.hash);
  }
});

addEventListener("DOMContentLoaded", async () => {
  for (const bench of document.querySelectorAll<HTMLElement>("[data-bench]")) {
    if (location.protocol === "file:") bench.prepend(texts.serve, code(SERVE), texts.or, code(SERVE_PYTHON));
    else ((await import(new URL(PLAY, PLACE).href)) as typeof import("./bench/play.ts")).start(bench);
  }
  const cells = [...document.querySelectorAll("div.cell")].filter((one) => one.querySelector(".cell_input pre"));
  if (cells.length === 0) return;
  const bar = document.createElement("div");
  bar.className = "live-bar";
  cells[0].before(bar);
  if (location.protocol === "file:") return bar.append(texts.serve, code(SERVE), texts.or, code(SERVE_PYTHON));
  const { start } = await import(new URL(NOTEBOOK, PLACE).href) as typeof import("./notebook.ts");
  await start(cells, bar);
});
