/** What the live parts of a page say. */
import { t, translated } from "../../../words/translation.ts";

export const SERVE = "npx -y deno@2.8.1 task serve";
export const SERVE_PYTHON = "python3 -m http.server --directory site";

export const texts = translated({
  run: "Run",
  runTitle: "Run this cell (Shift+Enter: and go on to the next)",
  runLabel: (cell: number) => t`Run cell ${cell}`,
  cellLabel: (cell: number) => t`cell ${cell}`,
  resetCell: "Reset cell",
  runAll: "Run all",
  interrupt: "Interrupt",
  reset: "Reset",
  download: "Download as notebook",
  lab: "Open in JupyterLab",
  stale: "The output below is of another text: run the cell.",
  begin: "The cells run in this page. What you change stays in this browser.",
  edited: (cells: number) => cells === 1 ? t`One cell is as you left it.` : t`${cells} cells are as you left them.`,
  fetching: "Fetching the laboratory …",
  fetchingCompiler: "Fetching a C compiler, once",
  startingCompiler: "Starting the C compiler",
  compilerThere: "The C compiler is ready.",
  running: (cell: number, waiting: number) =>
    waiting > 0 ? t`Running cell ${cell}, ${waiting} to go …` : t`Running cell ${cell} …`,
  stopping: "Stopping …",
  stopped: "Stopped.",
  failed: (cell: number) => t`Cell ${cell} ended with an error.`,
  ran: "Done.",
  asItCame: "As it came.",
  notKept: "This browser keeps nothing: what you change is gone when the page is closed.",
  askReset: (cells: number) =>
    cells === 1
      ? t`Reset takes back your changes in one cell of this chapter.`
      : t`Reset takes back your changes in ${cells} cells of this chapter.`,
  runAbove: "Run the cells above, then this one",
  noPictures: "The notebook has no pictures: they could not be drawn.",
  serve: "To run and change these cells in the browser, serve the site: ",
  or: " or ",
  labHow: (file: string) =>
    t`Put the notebook that you download into the folder notebooks of a checkout as ${file}, then run there: `,
  labStart: (file: string) => `npx -y deno@2.8.1 task start ${file}`,
});
