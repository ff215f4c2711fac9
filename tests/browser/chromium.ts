/** A headless Chromium under Playwright, and the reason where there is none. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";

export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
/** Screenshots, executed copies: what a failed run leaves to look at. */
export const ARTIFACTS = join(PROJECT, "artifacts");

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const program = process.env.CHROMIUM ?? PROGRAMS.find((path) => existsSync(path));

/** Why browser tests cannot run here; undefined where they can. */
export function noBrowser(): string | undefined {
  if (!("Deno" in globalThis)) return "the lab runs under Deno";
  if (process.env.INTERLEAVE_BROWSER !== "1") return "minutes long: deno task browser";
  return noChromium();
}

/** Why no page can be opened here; undefined where one can. */
export function noChromium(): string | undefined {
  return program === undefined ? "no Chromium; Debian: apt-get install chromium" : undefined;
}

export async function launch(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  return await chromium.launch({
    executablePath: program,
    args: [
      "--no-sandbox", // root has none
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Keeps a picture of the page under artifacts/screenshots. */
export async function screenshot(page: Page, name: string, fullPage = false): Promise<void> {
  const folder = join(ARTIFACTS, "screenshots");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
}
