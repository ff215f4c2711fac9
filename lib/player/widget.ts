/**
 * The player's script. A page gets the text of `startPlayer`, so it uses nothing from outside its own braces; what steps
 * do is in the data, and this only walks them.
 */
import type { PlayerData } from "./data.ts";

/** Fills `root` with the player; what stood there was for pages without scripts. */
export function startPlayer(root: HTMLElement, data: PlayerData): void {
  const { strings, states, steps, tasks, ends, exercise, words } = data, page = root.ownerDocument;
  const text = (index: number): string => index < 0 ? "" : strings[index];
  const fill = (template: string, ...values: (string | number)[]): string =>
    values.reduce<string>((filled, value) => filled.replace("{}", () => String(value)), template);
  const make = <K extends keyof HTMLElementTagNameMap>(
    name: K,
    className = "",
    content = "",
    into?: HTMLElement,
  ): HTMLElementTagNameMap[K] => {
    const element = page.createElement(name);
    if (className) element.className = className;
    if (content) element.textContent = content;
    into?.append(element);
    return element;
  };

  // Steps from each state, by their numbers; and which states still have an end before them.
  const from: number[][] = states.map(() => []), into: number[][] = states.map(() => []);
  steps.forEach(([at, , , to], step) => {
    from[at].push(step);
    into[to].push(step);
  });
  const hasEnd = states.map(({ end }) => end >= 0);
  const open = states.map((_, state) => state).filter((state) => hasEnd[state]);
  while (open.length > 0) {
    for (const step of into[open.pop()!]) {
      const before = steps[step][0];
      if (!hasEnd[before]) {
        hasEnd[before] = true;
        open.push(before);
      }
    }
  }
  const isWrong = (state: number): boolean => {
    const { end } = states[state];
    return end >= 0 ? ends[end].wrong : !hasEnd[state];
  };

  /** The ends that can be reached from a state, and the shortest way to a wrong one. */
  const lookAhead = (state: number): { reachable: Set<number>; way: number[] | undefined } => {
    const cameBy = new Map<number, number>([[state, -1]]), reachable = new Set<number>();
    let found = -1;
    for (const at of cameBy.keys()) {
      if (states[at].end >= 0) reachable.add(states[at].end);
      if (found < 0 && isWrong(at)) found = at;
      for (const step of from[at]) if (!cameBy.has(steps[step][3])) cameBy.set(steps[step][3], step);
    }
    if (found < 0) return { reachable, way: undefined };
    const way: number[] = [];
    for (let step = cameBy.get(found)!; step >= 0; step = cameBy.get(steps[step][0])!) way.unshift(step);
    return { reachable, way };
  };

  /** The steps taken, and behind `at` those that were taken back or are only proposed. */
  let path: number[] = [...exercise?.path ?? []], at = 0;
  const stateNow = (): number => at === 0 ? 0 : steps[path[at - 1]][3];
  const format = (taken: number[]): string => {
    const parts: { who: string; count: number }[] = [];
    for (const step of taken) {
      const [, task, alternative] = steps[step], { key } = tasks[task];
      const who = alternative > 0 ? `${key}=${alternative}` : key;
      const last = parts[parts.length - 1];
      if (last && last.who === who) last.count++;
      else parts.push({ who, count: 1 });
    }
    const runs = parts.map(({ who, count }) => count > 1 ? `${who}*${count}` : who);
    return [...(data.hashSeed ? [`h${data.hashSeed}`] : []), ...runs].join(" ");
  };

  root.replaceChildren();
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.title);
  make("p", "ip-title", data.title, root);
  for (const note of data.notes) make("p", "ip-note", note, root);

  const cards = make("div", "ip-cards", "", root);
  const taskCards = tasks.map((task, index) => {
    const card = make("div", "ip-card", "", cards), head = make("div", "ip-head", "", card);
    make("strong", "", task.name, head);
    make("span", "ip-quiet", ` ${task.prog}`, head);
    const buttons = make("div", "ip-steps", "", card), registers = make("div", "ip-registers", "", card);
    return { index, card, buttons, registers, made: [] as HTMLButtonElement[] };
  });

  const status = make("p", "ip-status", "", root);
  status.setAttribute("aria-live", "polite");
  const bar = make("div", "ip-bar", "", root);
  const button = (label: string, act: () => void): HTMLButtonElement => {
    const made = make("button", "ip-button", label, bar);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  };
  const undo = button(words.undo, () => moveTo(at - 1));
  const again = button(words.again, () => moveTo(0));
  if (!exercise) button(words.shortest, showShortest);
  const slider = make("input", "ip-slider", "", bar);
  slider.type = "range";
  slider.min = "0";
  slider.setAttribute("aria-label", words.slider);
  slider.addEventListener("input", () => moveTo(Number(slider.value)));

  const columns = make("div", "ip-columns", "", root);
  const section = (title: string): HTMLElement => {
    const made = make("div", "ip-section", "", columns);
    make("div", "ip-heading", title, made);
    return made;
  };
  const memory = make("table", "ip-memory", "", section(words.memory));
  const memoryCells = data.names.map((name) => {
    const row = make("tr", "", "", make("tbody", "", "", memory));
    make("th", "", name, row).scope = "row";
    return { row, cell: make("td", "", "", row) };
  });
  const endings = make("ul", "ip-ends", "", section(words.endings));
  const endItems = ends.map(({ label, remark, wrong }) => {
    const tone = exercise ? wrong ? "ip-right" : "" : wrong ? "ip-wrong" : "ip-right";
    const item = make("li", tone, "", endings), mark = tone === "" ? "· " : tone === "ip-right" ? "✓ " : "✗ ";
    make("span", "ip-mark", mark, item).setAttribute("aria-hidden", "true");
    make("code", "", label, item);
    make("span", "ip-quiet", remark ? ` ${remark}` : "", item);
    return { item, state: make("span", "ip-quiet", "", item) };
  });
  const taken = make("ol", "ip-taken", "", section(words.taken));
  taken.setAttribute("start", "0");
  taken.tabIndex = 0;

  const copyBar = make("div", "ip-bar", "", root);
  const schedule = make("input", "ip-schedule", "", copyBar);
  schedule.readOnly = true;
  schedule.placeholder = words.noSchedule;
  schedule.setAttribute("aria-label", words.schedule);
  const copy = make("button", "ip-button", words.copy, copyBar);
  copy.type = "button";
  copy.addEventListener("click", async () => {
    schedule.select();
    try {
      await navigator.clipboard.writeText(schedule.value);
      status.textContent = words.copied;
    } catch {
      status.textContent = words.copyByHand;
    }
  });
  make("p", "ip-note", words.keys, root);

  function moveTo(step: number): void {
    at = Math.max(0, Math.min(path.length, step));
    draw();
  }

  function take(step: number): void {
    // The same step as proposed goes along the path, another one leaves it.
    if (path[at] !== step) path = [...path.slice(0, at), step];
    moveTo(at + 1);
  }

  function showShortest(): void {
    let { way } = lookAhead(stateNow()), before = at, said = words.shown;
    if (way === undefined) {
      way = lookAhead(0).way;
      before = 0;
      said = words.fromStart;
    }
    if (way === undefined) {
      status.textContent = words.noBug;
      return;
    }
    path = [...path.slice(0, before), ...way];
    moveTo(before);
    status.textContent = fill(said, way.length);
  }

  /** What the machine says of where it stands. */
  function statusText(): string {
    const { end } = states[stateNow()];
    if (end >= 0) {
      const { label, remark, wrong } = ends[end], solves = exercise !== undefined && wrong;
      return fill(solves ? words.solved : words.ended, [label, remark].filter(Boolean).join(", "));
    }
    if (!hasEnd[stateNow()]) return words.endless;
    if (at === 0) return exercise ? path.length > 0 ? words.laidOut : words.play : words.ready;
    const [, task, , , effect] = steps[path[at - 1]];
    return fill(words.took, tasks[task].name, text(effect));
  }

  function drawCard({ index, card, buttons, registers, made }: (typeof taskCards)[number]): void {
    const now = states[stateNow()], open = from[stateNow()].filter((step) => steps[step][1] === index);
    const shown: (number | undefined)[] = open.length > 0 ? open : [undefined];
    while (made.length < shown.length) {
      const step = make("button", "ip-step", "", buttons);
      step.type = "button";
      step.addEventListener("click", () => {
        if (step.dataset.step) take(Number(step.dataset.step));
      });
      made.push(step);
    }
    made.forEach((element, i) => {
      const step = shown[i], wait = text(now.waits[index]) || words.notHere;
      element.hidden = i >= shown.length;
      element.dataset.step = step === undefined ? "" : String(step);
      // Not `disabled`: the focus would be lost to keyboard and screen reader.
      element.setAttribute("aria-disabled", String(step === undefined));
      const [effect, line, insn] = step === undefined
        ? [wait, "", ""]
        : [text(steps[step][4]), text(steps[step][5]), text(steps[step][6])];
      element.setAttribute("aria-label", [tasks[index].name, effect, line].filter(Boolean).join(", "));
      element.replaceChildren();
      make("span", "ip-effect", effect, element);
      if (line) make("code", "ip-line", line, element);
      if (insn) make("code", "ip-quiet ip-insn", insn, element);
    });
    card.classList.toggle("ip-waits", open.length === 0);
    const held = text(now.registers[index]);
    registers.textContent = held ? `${words.registers} ${held}` : "";
  }

  function draw(): void {
    const state = stateNow(), before = at > 0 ? steps[path[at - 1]][0] : state, { reachable } = lookAhead(state);
    taskCards.forEach(drawCard);
    memoryCells.forEach(({ row, cell }, i) => {
      cell.textContent = text(states[state].values[i]);
      row.classList.toggle("ip-changed", states[state].values[i] !== states[before].values[i]);
    });
    endItems.forEach(({ item, state }, end) => {
      const where = ends[end].elsewhere ? words.elsewhere : reachable.has(end) ? "" : words.gone;
      item.classList.toggle("ip-gone", where !== "");
      state.textContent = where ? ` (${where})` : "";
    });
    taken.replaceChildren();
    path.forEach((step, i) => {
      const [, task, , , effect, line] = steps[step];
      const item = make("li", i < at ? "" : "ip-ahead", `${tasks[task].name}: ${text(effect)}`, taken);
      if (i === at - 1) item.setAttribute("aria-current", "step");
      if (line) make("code", "ip-quiet", ` ${text(line)}`, item);
    });
    taken.scrollTop = Math.max(0, ((at - 2) / Math.max(1, path.length)) * taken.scrollHeight);
    slider.max = String(path.length);
    slider.value = String(at);
    schedule.value = format(path.slice(0, at));
    undo.setAttribute("aria-disabled", String(at === 0));
    again.setAttribute("aria-disabled", String(at === 0));
    status.textContent = statusText();
    const { end } = states[state], isBad = isWrong(state) !== (exercise !== undefined && hasEnd[state]);
    status.className = `ip-status${end < 0 && hasEnd[state] ? "" : isBad ? " ip-wrong" : " ip-right"}`;
  }

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === schedule) return;
    const digit = /^[0-9]$/.test(event.key) ? Number(event.key) : -1;
    const step = digit < 0 ? undefined : from[stateNow()].find((step) => steps[step][1] === digit);
    if (digit >= 0 && tasks[digit]?.key === event.key) {
      if (step !== undefined) take(step);
    } else if (event.key === "u" || event.key === "Backspace") moveTo(at - 1);
    else if (event.key === "r") moveTo(0);
    else if (event.target !== slider && event.key === "ArrowLeft") moveTo(at - 1);
    else if (event.target !== slider && event.key === "ArrowRight") moveTo(at + 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  draw();
}
