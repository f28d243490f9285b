// Charts over time and the histogram, as plain SVG.
"use strict";

const Charts = (() => {
  const NS = "http://www.w3.org/2000/svg", H = 120, PAD = { left: 58, right: 8, top: 6, bottom: 16 };

  function make(name, attributes, text) {
    const node = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  }

  const finite = (values) => values.filter((v) => v !== null);

  // lines: [{values, colour, name, dash}], bands: [{from, to, colour}], cuts: indices where a scene begins.
  // Drawn for a width in px, so that text keeps its shape; drawn again when that changes.
  function time({ width: W, title, unit, lines, bands = [], cuts = [], numbers, digits = 2 }, choose) {
    const figure = document.createElement("figure"), caption = document.createElement("figcaption");
    caption.textContent = title;
    for (const line of lines) {
      const key = document.createElement("span");
      key.style.cssText = "margin-left:10px;color:" + line.colour;
      key.textContent = (line.dash ? "┄ " : "— ") + line.name;
      caption.append(key);
    }
    const svg = make("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": title });
    const all = lines.flatMap((line) => finite(line.values)).concat(bands.flatMap((b) => finite([b.from, b.to])));
    const low = Math.min(0, ...all), high = Math.max(0, ...all), span = high - low || 1;
    const last = Math.max(1, numbers.length - 1);
    const x = (i) => PAD.left + i / last * (W - PAD.left - PAD.right);
    const y = (v) => H - PAD.bottom - (v - low) / span * (H - PAD.top - PAD.bottom);
    for (const b of bands) svg.append(make("rect", { x: PAD.left, width: W - PAD.left - PAD.right, y: y(Math.max(b.from, b.to)),
      height: Math.abs(y(b.from) - y(b.to)), fill: b.colour }));
    for (const value of new Set([low, 0, high])) {
      svg.append(make("line", { x1: PAD.left, x2: W - PAD.right, y1: y(value), y2: y(value), stroke: "#3a3a40" }));
      svg.append(make("text", { x: PAD.left - 4, y: y(value) + 4, fill: "#a0a0a4", "font-size": 11, "text-anchor": "end" },
        value.toFixed(digits) + unit));
    }
    for (const cut of cuts) svg.append(make("line", { x1: x(cut - 0.5), x2: x(cut - 0.5), y1: PAD.top, y2: H - PAD.bottom,
      stroke: "#d8d8d0", "stroke-dasharray": "4 3", class: "cut" }));
    for (const line of lines) {
      let path = "", drawing = false;
      line.values.forEach((value, i) => {
        if (value !== null) path += (drawing ? "L" : "M") + x(i).toFixed(1) + " " + y(value).toFixed(1);
        drawing = value !== null;
      });
      svg.append(make("path", { d: path, fill: "none", stroke: line.colour, "stroke-width": 1.6,
        "stroke-dasharray": line.dash || "none", "vector-effect": "non-scaling-stroke" }));
    }
    if (lines.every((line) => line.values.every((value) => value === null))) {
      svg.append(make("text", { x: W / 2, y: H / 2, fill: "#a0a0a4", "font-size": 12, "text-anchor": "middle" }, "nothing is known"));
    }
    svg.append(make("text", { x: PAD.left, y: H - 3, fill: "#a0a0a4", "font-size": 11 }, numbers[0]));
    svg.append(make("text", { x: W - PAD.right, y: H - 3, fill: "#a0a0a4", "font-size": 11, "text-anchor": "end" }, numbers.at(-1)));
    const now = make("line", { y1: PAD.top, y2: H - PAD.bottom, stroke: "#ffffff", "stroke-width": 1.5, class: "now" });
    svg.append(now);
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect(), at = (event.clientX - box.left) / box.width * W;
      choose(Math.max(0, Math.min(numbers.length - 1, Math.round((at - PAD.left) / (W - PAD.left - PAD.right) * last))));
    });
    figure.append(caption, svg);
    return { figure, at(i) { now.setAttribute("x1", x(i)); now.setAttribute("x2", x(i)); } };
  }

  // counts: share of the pixels per bin over [from, to] in % parallax.
  function histogram(svg, scale, counts, from, to, limits, nudge_pct) {
    const W = 1000;
    svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
    svg.setAttribute("preserveAspectRatio", "none");
    const x = (p) => (p - from) / (to - from) * W, top = Math.max(...counts, 1e-6);
    const bars = svg.querySelectorAll(".bar-of-counts"), grounds = [...limits, nudge_pct, counts.length].join();
    if (svg.dataset.grounds === grounds) {
      // Another frame on the same grounds: only heights change.
      counts.forEach((share, i) => {
        const height = Math.sqrt(share / top) * (H - 4);
        bars[i].setAttribute("y", H - height);
        bars[i].setAttribute("height", height);
      });
      return;
    }
    svg.dataset.grounds = grounds;
    svg.replaceChildren();
    svg.append(make("rect", { x: x(limits[0]), width: Math.max(0, x(limits[1]) - x(limits[0])), y: 0, height: H, fill: "#2a3a34" }));
    counts.forEach((share, i) => {
      const p = from + (i + 0.5) / counts.length * (to - from) + nudge_pct, height = Math.sqrt(share / top) * (H - 4);
      svg.append(make("rect", { x: x(p) - W / counts.length / 2, width: W / counts.length, y: H - height, height,
        fill: "rgb(" + Overlays.colour(p) + ")", class: "bar-of-counts" }));
    });
    svg.append(make("line", { x1: x(0), x2: x(0), y1: 0, y2: H, stroke: "#ffffff" }));
    scale.replaceChildren(...[from, 0, to].map((p) => {
      const said = document.createElement("span");
      said.textContent = p + " %";
      return said;
    }));
  }

  return { time, histogram };
})();
