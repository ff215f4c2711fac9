/** A mechanism in moments: boxes for what is there, arrows for what points or moves, a sentence below each moment. */
import { textTable } from "../report/text_table.ts";
import { Canvas } from "./canvas.ts";
import { Figure } from "./figure.ts";
import { wrapText } from "./fonts.ts";
import { frame } from "./frame.ts";
import { colours, fonts } from "./style.ts";

/** What a box or an arrow says by its colour: what is at rest, what this moment is about, what goes wrong, what is safe. */
export type Tone = "plain" | "event" | "bad" | "good" | "quiet";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Lines within it; the first is its name. */
  readonly lines: readonly string[];
  readonly tone?: Tone;
}

export interface Arrow {
  /** Names of boxes: the arrow goes from the edge of one to the edge of the other. */
  readonly from: string;
  readonly to: string;
  readonly text?: string;
  readonly tone?: Tone;
}

export interface Moment {
  readonly heading: string;
  /** Boxes by name, in pixels of the moment's own area. */
  readonly boxes: Readonly<Record<string, Box>>;
  readonly arrows?: readonly Arrow[];
  /** What happens, in a sentence. */
  readonly says: string;
}

export interface Scene {
  readonly title: string;
  readonly finding: string;
  /** Where the mechanism is written down: file:function of the kernel. */
  readonly source: string;
  /** Size of one moment's area in pixels. */
  readonly width: number;
  readonly height: number;
  readonly moments: readonly Moment[];
}

const EDGE = 20, GAP = 26, HEADING = 24, LINE = 17, PAD = 8;

const FILL: Readonly<Record<Tone, string>> = {
  plain: colours.faint,
  event: colours.warnPaper,
  bad: colours.badPaper,
  good: colours.goodPaper,
  quiet: colours.paper,
};
const STROKE: Readonly<Record<Tone, string>> = {
  plain: colours.axis,
  event: colours.warn,
  bad: colours.bad,
  good: colours.good,
  quiet: colours.grid,
};

const middle = ({ left, top, width, height }: Box) => ({ x: left + width / 2, y: top + height / 2 });

/** Where a line from the middle of a box towards a point leaves it. */
function edgeTowards(box: Box, to: { x: number; y: number }): { x: number; y: number } {
  const from = middle(box), dx = to.x - from.x, dy = to.y - from.y;
  const share = Math.min(
    dx === 0 ? Infinity : (box.width / 2 + 2) / Math.abs(dx),
    dy === 0 ? Infinity : (box.height / 2 + 2) / Math.abs(dy),
  );
  return { x: from.x + dx * share, y: from.y + dy * share };
}

/**
 * Draws the moments of a mechanism from left to right.
 *
 * @throws RangeError when an arrow names a box that its moment does not have
 */
export function scene({ title, finding, source, width, height, moments }: Scene): Figure {
  const says = moments.map((moment) => wrapText(moment.says, width, fonts.text));
  const saysHeight = Math.max(...says.map((lines) => lines.length)) * LINE;
  const framed = frame({
    title,
    finding,
    sources: [source],
    width: moments.length * (width + GAP) - GAP + 2 * EDGE,
    plotHeight: HEADING + height + 10 + saysHeight,
    left: EDGE,
    right: EDGE,
    bottom: 8,
  });
  const canvas = new Canvas();
  moments.forEach((moment, n) => {
    const at = n * (width + GAP);
    canvas.text(at, 8, moment.heading, fonts.label, colours.ink, { maxWidthPx: width });
    drawMoment(canvas, moment, at, HEADING);
    says[n].forEach((line, i) => canvas.text(at, HEADING + height + 18 + i * LINE, line, fonts.text, colours.quiet));
    if (n > 0) canvas.line(at - GAP / 2, 0, at - GAP / 2, HEADING + height + saysHeight, { colour: colours.grid });
  });
  return new Figure({
    drawing: canvas.finish(framed),
    caption: framed.caption,
    text: textTable(["", ""], moments.map((moment) => [moment.heading, moment.says]), ["left", "left"]),
  });
}

function drawMoment(canvas: Canvas, { heading, boxes, arrows = [] }: Moment, left: number, top: number): void {
  for (const box of Object.values(boxes)) {
    const tone = box.tone ?? "plain", x = left + box.left, y = top + box.top;
    canvas.rect(x, y, x + box.width, y + box.height, FILL[tone], {
      colour: STROKE[tone],
      widthPx: tone === "plain" ? 1 : 1.5,
    });
    const first = y + box.height / 2 - ((box.lines.length - 1) * LINE) / 2;
    box.lines.forEach((line, i) =>
      canvas.text(x + box.width / 2, first + i * LINE, line, i === 0 ? fonts.codeBold : fonts.code, colours.ink, {
        anchor: "center",
        maxWidthPx: box.width - PAD,
      })
    );
  }
  for (const { from, to, text, tone = "plain" } of arrows) {
    const [source, target] = [boxes[from], boxes[to]];
    if (!source || !target) throw new RangeError(`scene "${heading}": no box ${source ? to : from}`);
    const start = edgeTowards(source, middle(target)), end = edgeTowards(target, middle(source));
    const colour = tone === "plain" ? colours.quiet : STROKE[tone];
    canvas.arrow(left + start.x, top + start.y, left + end.x, top + end.y, {
      colour,
      widthPx: tone === "plain" ? 1.5 : 2,
    });
    if (!text) continue;
    const [x, y] = [left + (start.x + end.x) / 2, top + (start.y + end.y) / 2];
    const isUpright = Math.abs(end.y - start.y) > Math.abs(end.x - start.x);
    canvas.text(isUpright ? x + 6 : x, isUpright ? y : y - 9, text, fonts.tick, colour, {
      anchor: isUpright ? "left" : "center",
    });
  }
}
