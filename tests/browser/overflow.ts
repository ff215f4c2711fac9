/** Looks for what sticks out of its column or is cut there, in a page. */
import type { Page } from "playwright-core";

/**
 * Figures, tables, code and widgets that are wider than their column and cannot be moved in it.
 *
 * @param column selects the columns, such as outputs of cells
 * @param slackPx what a theme lets stand beside its column
 * @returns a line for each, with how far it sticks out
 */
export const stickingOut = (page: Page, column: string, slackPx = 1.5): Promise<string[]> =>
  page.evaluate(([column, slackPx]) => {
    const found: string[] = [];
    const moves = (element: Element) => /auto|scroll/.test(getComputedStyle(element).overflowX);
    const cuts = (element: Element) => /hidden|clip/.test(getComputedStyle(element).overflowX);
    const isSeen = (element: Element) => {
      const { width, height } = element.getBoundingClientRect(), style = getComputedStyle(element);
      return width > 1 && height > 1 && style.visibility !== "hidden" && style.clipPath !== "inset(50%)";
    };
    const named = (element: Element) =>
      `${element.tagName.toLowerCase()}.${[...element.classList].join(".")} "${
        (element.textContent ?? "").trim().slice(0, 40).replaceAll(/\s+/g, " ")
      }"`;
    for (const box of document.querySelectorAll(column)) {
      const { left, right } = box.getBoundingClientRect();
      for (const element of box.querySelectorAll("*")) {
        // Of a drawing the frame counts; what MathJax and editors keep for screen readers and measuring does not.
        if (
          element.closest("svg") && element.tagName !== "svg" || element.closest(".cm-scroller, mjx-container")
        ) continue;
        if (!isSeen(element)) continue;
        const at = element.getBoundingClientRect();
        if (cuts(element) && element.scrollWidth > element.clientWidth + 1.5 && element.clientWidth > 0) {
          found.push(`${named(element)} is cut: ${element.scrollWidth} px in ${element.clientWidth}`);
        }
        if (at.right <= right + slackPx && at.left >= left - slackPx) continue;
        let around = element.parentElement;
        while (around && around !== box && !moves(around)) around = around.parentElement;
        if (around && moves(around)) continue;
        found.push(`${named(element)} sticks out by ${Math.round(Math.max(at.right - right, left - at.left))} px`);
      }
    }
    return found;
  }, [column, slackPx] as const);

/** Makes the first table of an output wider than its column: whether it moves then, and whether its output grows. */
export const widened = (
  page: Page,
  output: string,
): Promise<{ tableMoves: boolean; outputGrows: boolean } | undefined> =>
  page.evaluate((output) => {
    const table = [...document.querySelectorAll(`${output} table`)].find((one) =>
      one.getBoundingClientRect().width > 0
    );
    if (!table) return undefined;
    const box = table.closest(output)!, before = box.scrollWidth;
    for (const row of table.querySelectorAll("tr")) {
      for (let n = 0; n < 60; n++) row.append(row.lastElementChild!.cloneNode(true));
    }
    const isScrolled = /auto|scroll/.test(getComputedStyle(table).overflowX);
    return {
      tableMoves: isScrolled && table.scrollWidth > table.clientWidth + 1,
      outputGrows: box.scrollWidth > before + 1,
    };
  }, output);
