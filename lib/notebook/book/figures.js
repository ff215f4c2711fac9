// Draws each figure when it comes near the window: a chapter has more of them than a phone draws at once.
addEventListener("DOMContentLoaded", async () => {
  // plotly measures its texts when it draws
  await Promise.all(
    ["400 1em Inter", "600 1em Inter", "400 1em JetBrains Mono"].map((font) => document.fonts.load(font)),
  );
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      const { data, layout, config } = JSON.parse(target.querySelector("script").textContent);
      const plot = document.createElement("div");
      target.replaceChildren(plot);
      Plotly.newPlot(plot, data, layout, { ...config, displaylogo: false });
    }
  }, { rootMargin: "600px" });
  for (const frame of document.querySelectorAll(".figure-frame")) watcher.observe(frame);
});
