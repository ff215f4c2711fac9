/** A phone shows a whole figure, smaller; what would be smaller than this can be moved. */
const LEAST_SCALE = 0.45;

function fit(frame) {
  const { plot, layout } = frame;
  const scale = Math.min(1, Math.max(LEAST_SCALE, frame.clientWidth / layout.width));
  plot.style.transform = scale < 1 ? `scale(${scale})` : "";
  frame.style.height = scale < 1 ? `${Math.ceil(layout.height * scale)}px` : "";
}

function draw(frame, { data, layout, config }) {
  const plot = document.createElement("div");
  plot.className = "figure";
  frame.replaceChildren(plot);
  Object.assign(frame, { plot, layout });
  Plotly.newPlot(plot, data, layout, { ...config, displaylogo: false });
  fit(frame);
}
/** For cells that are run in the page (live/outputs.ts). */
globalThis.drawFigure = draw;

// Draws each plot when it comes near the window: a chapter has more of them than a phone draws at once.
addEventListener("DOMContentLoaded", async () => {
  // plotly measures its texts when it draws
  await Promise.all(
    ["400 1em Inter", "600 1em Inter", "400 1em JetBrains Mono"].map((font) => document.fonts.load(font)),
  );
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      draw(target, JSON.parse(target.querySelector("script").textContent));
    }
  }, { rootMargin: "600px" });
  for (const frame of document.querySelectorAll(".figure-frame:has(> script)")) watcher.observe(frame);
  addEventListener("resize", () => {
    for (const frame of document.querySelectorAll(".figure-frame")) if (frame.plot) fit(frame);
  });
});
