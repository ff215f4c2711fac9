/** A phone shows a whole figure, smaller; what would be smaller than this can be moved. */
const LEAST_SCALE = 0.65;
/** Beside this script. */
const PLOTLY = new URL("plotly.min.js", document.currentScript.src).href;

let plotly;

/** A script that a page takes a third of its bytes for: fetched when the first plot is to be drawn. */
function fetchPlotly() {
  return plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = PLOTLY;
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => {
      plotly = undefined; // the next figure tries again
      script.remove();
      reject(new Error("plotly.js could not be fetched"));
    };
    document.head.append(script);
  });
}

let fonts;

/** plotly measures its texts when it draws. */
const fetchFonts = () =>
  fonts ??= Promise.all([
    ...["400 1em Inter", "600 1em Inter", "400 1em JetBrains Mono"].map((font) => document.fonts.load(font)),
    ...document.documentElement.lang.startsWith("zh")
      ? ["400 1em Noto Sans SC", "600 1em Noto Sans SC"].map((font) => document.fonts.load(font, "中"))
      : [],
  ]);

function fit(frame) {
  const { plot, layout } = frame;
  const scale = Math.min(1, Math.max(LEAST_SCALE, frame.clientWidth / layout.width));
  plot.style.transform = scale < 1 ? `scale(${scale})` : "";
  frame.style.height = scale < 1 ? `${Math.ceil(layout.height * scale)}px` : "";
}

async function draw(frame, { data, layout, config }) {
  const [Plotly] = await Promise.all([fetchPlotly(), fetchFonts()]);
  const plot = document.createElement("div");
  plot.className = "figure";
  frame.replaceChildren(plot);
  Object.assign(frame, { plot, layout });
  await Plotly.newPlot(plot, data, layout, { ...config, displaylogo: false });
  fit(frame);
}
/** For cells that are run in the page (live/outputs.ts). */
globalThis.drawFigure = draw;
/** For notebooks that are downloaded (live/pictures.ts). */
globalThis.drawPicture = async (plot, options) => {
  const [Plotly] = await Promise.all([fetchPlotly(), fetchFonts()]);
  return await Plotly.toImage(plot, options);
};

// Draws each plot when it comes near the window: a chapter has more of them than a phone draws at once.
addEventListener("DOMContentLoaded", () => {
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
