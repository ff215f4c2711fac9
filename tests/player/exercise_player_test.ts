/** The player of an exercise: a failing schedule is laid out, what is asked for is marked, and the way to it not told. */
import { describe, expect, it } from "vitest";
import { parseHTML } from "linkedom";
import { exerciseOf, mark } from "../../lib/lessons/exercises/exercise.ts";
import type { Player } from "../../lib/player/player.ts";
import { startPlayer } from "../../lib/player/widget.ts";

/** The widget on a page of its own. */
function opened({ data }: Player) {
  const { document, Event } = parseHTML("<!doctype html><html><body><div id=p></div></body></html>");
  const root = document.getElementById("p") as unknown as HTMLElement;
  startPlayer(root, data);
  const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
  return {
    all,
    key: (key: string) => root.dispatchEvent(Object.assign(new Event("keydown", { bubbles: true }), { key })),
    status: () => all(".ip-status")[0].textContent,
    schedule: () => (all(".ip-schedule")[0] as HTMLInputElement).value,
  };
}

const played = async (id: string, schedule: string) => (await mark(id, schedule)).evidence as Player;

describe("the player of an exercise", () => {
  it("has the reader's schedule laid out, and another one can be played over it", async () => {
    const page = opened(await played("01.2", "0*4 1*4"));
    expect(page.status()).toContain("Your schedule is laid out");
    expect(page.all(".ip-taken .ip-ahead")).toHaveLength(8);
    for (let i = 0; i < 8; i++) page.key("ArrowRight");
    expect(page.schedule()).toBe("0*4 1*4");
    expect(page.status()).toBe("The end: counter=4, not what is asked for.");
    expect(page.all(".ip-status.ip-right")).toHaveLength(0);
    page.key("r");
    for (const key of "01101001") page.key(key);
    expect(page.status()).toBe("Solved: counter=2, what is asked for. Copy the schedule into the cell, and run it.");
    expect(page.all(".ip-status.ip-right")).toHaveLength(1);
    expect((await mark("01.2", page.schedule())).passed).toBe(true);
  });

  it("marks the ends that are asked for, and offers no way to them", async () => {
    const page = opened(await played("01.2", "0*4 1*4"));
    const ends = page.all(".ip-ends li").map(({ textContent }) => textContent);
    expect(ends.filter((end) => end.startsWith("✓"))).toEqual(["✓ counter=2 what is asked for"]);
    expect(ends.filter((end) => end.startsWith("✗"))).toEqual([]);
    expect(page.all("button").map(({ textContent }) => textContent)).not.toContain("Shortest way to the bug");
  });

  it("of a schedule that cannot be followed has the steps up to there", async () => {
    const page = opened(await played("06.2", "0*6 1*4"));
    expect(page.all(".ip-taken .ip-ahead")).toHaveLength(5);
  });

  it("under other seeds of hash maps than the widget's is judged by them, and not laid out", async () => {
    const { data, shown } = await played("05.2", "h2 0*13 1*6");
    expect(shown.schedule).toMatch(/^h2 /);
    expect([data.hashSeed, data.exercise!.path]).toEqual([0, []]);
  });

  it("before an answer shows a schedule that does not solve it, where no script runs", async () => {
    const { play } = await exerciseOf("01.2"), game = await play!();
    expect((await mark("01.2", game.shown.schedule)).passed).toBe(false);
    expect(opened(game).status()).toContain("Play a schedule that ends as it is asked for");
    expect((await mark("01.2", "")).evidence).toMatchObject({ data: game.data });
  });
});
