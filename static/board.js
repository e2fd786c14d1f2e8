// Draws the charts of a board. A chart is a box with its figure and links in a JSON block right behind it.
(() => {
  "use strict";
  const isEnglish = document.documentElement.lang === "en";
  const config = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };

  if (!isEnglish) {
    const months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((month) => `${month}月`);
    const days = ["日", "一", "二", "三", "四", "五", "六"];
    Plotly.register({
      moduleType: "locale",
      name: "zh-CN",
      dictionary: { Autoscale: "自动缩放", "Reset axes": "重置", "Download plot as a PNG": "下载 PNG 图片" },
      format: {
        days: days.map((day) => `星期${day}`), shortDays: days.map((day) => `周${day}`), months, shortMonths: months,
        date: "%Y-%m-%d", thousands: ",", decimal: ".", grouping: [3], currency: ["¥", ""],
      },
    });
    config.locale = "zh-CN";
  }

  const download = (address, name) => {
    const link = Object.assign(document.createElement("a"), { href: address, download: `${name}.png` });
    document.body.append(link);
    link.click();
    link.remove();
  };

  // On white with the title above, so that the picture can stand alone in a report.
  const picture = async (figure, title) => {
    const layout = structuredClone(figure.layout);
    Object.assign(layout, { paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff", title: { text: title, x: 0.02, xanchor: "left", font: { size: 18, color: "#1a2233" } } });
    layout.margin = { ...layout.margin, t: (layout.margin.t || 0) + 52, l: 24, r: 24, b: 24 };
    return Plotly.toImage({ data: figure.data, layout }, { format: "png", width: 1200, height: 640, scale: 2 });
  };

  document.querySelectorAll("[data-chart]").forEach((box) => {
    const { figure, links } = JSON.parse(box.nextElementSibling.textContent);
    // The figure at the end of a bar needs more of a narrow box.
    if (box.clientWidth < 480 && figure.data.some((trace) => trace.orientation === "h")) figure.layout.xaxis.range[1] *= 1.25;
    Plotly.newPlot(box, figure.data, { ...figure.layout, autosize: true }, config).then(() => {
      const linkOf = (event) => {
        const index = event.points[0].customdata;
        return typeof index === "number" ? links[index] : "";
      };
      box.on("plotly_click", (event) => { const link = linkOf(event); if (link) window.location.assign(link); });
      box.on("plotly_hover", (event) => box.classList.toggle("pointing", Boolean(linkOf(event))));
      box.on("plotly_unhover", () => box.classList.remove("pointing"));
      box.dataset.drawn = "yes";
    });
    const button = box.closest(".chart").querySelector("[data-png]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        download(await picture(figure, button.dataset.png), button.dataset.png);
      } finally {
        button.disabled = false;
      }
    });
  });
})();
