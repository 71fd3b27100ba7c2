// A drawing of values over time; the same stands in a table below, so screen readers skip it.
document.addEventListener("alpine:init", () => {
  const HEIGHT = 220;

  Alpine.data("chart", () => ({
    plot: null,
    watch: null,

    init() {
      // uPlot's own script comes after Alpine's: both have run by then.
      if (window.uPlot) this.draw();
      else document.addEventListener("DOMContentLoaded", () => this.draw(), {once: true});
    },
    draw() {
      const words = this.$root.dataset;
      const points = JSON.parse(document.getElementById(words.points).textContent);
      const labels = JSON.parse(document.getElementById(words.labels).textContent);
      const style = getComputedStyle(document.documentElement);
      const colour = (name) => style.getPropertyValue(`--color-${name}`).trim();
      const ink = colour("base-content");
      const value = (_, number) => (number == null ? "–" : `${number} ${words.unit}`.trim());
      const lines = labels.map((label, place) => ({
        label,
        value,
        stroke: colour(["primary", "error", "info"][place] ?? "accent"),
        width: 2,
        // A gap is a time in which nothing was measured.
        spanGaps: false,
        dash: place ? [6, 4] : undefined,
      }));
      if (words.limit) {
        points.push(points[0].map(() => Number(words.limit)));
        lines.push({label: words.limitLabel, value, stroke: colour("warning"), width: 1, dash: [2, 4]});
      }
      const axis = {stroke: ink, grid: {stroke: colour("base-300"), width: 1}, ticks: {stroke: colour("base-300")}};
      const top = (_, __, most) => [0, most > 0 ? most * 1.1 : 1];
      this.plot = new uPlot(
        {
          width: this.$root.clientWidth,
          height: HEIGHT,
          series: [{label: words.time, value: (_, at) => (at == null ? "–" : new Date(at * 1000).toLocaleString())}, ...lines],
          axes: [axis, {...axis, size: 60}],
          scales: {y: {range: top}},
        },
        points,
        this.$root,
      );
      this.watch = new ResizeObserver(() => this.plot.setSize({width: this.$root.clientWidth, height: HEIGHT}));
      this.watch.observe(this.$root);
    },
    destroy() {
      this.watch?.disconnect();
      this.plot?.destroy();
    },
  }));
});
