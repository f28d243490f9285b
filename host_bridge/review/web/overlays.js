// What is drawn over a view: disparity in colour and marks for what deserves a look.
"use strict";

const Overlays = (() => {
  const FULL_PCT = 2.5, EDGE = 0.01;
  const BEHIND = [24, 92, 196], SCREEN = [236, 236, 232], FRONT = [232, 92, 16];
  const MARK = { near: [240, 128, 48], far: [64, 140, 255], window: [255, 220, 60], filled: [255, 90, 200], unseen: [90, 230, 190] };

  // Orange in front of the screen, blue behind, grey on it: safe for the common kinds of colour blindness.
  function colour(parallax_pct) {
    const share = Math.max(-1, Math.min(1, -parallax_pct / FULL_PCT)), to = share > 0 ? FRONT : BEHIND, by = Math.abs(share);
    return SCREEN.map((v, c) => Math.floor(v + by * (to[c] - v) + 0.5));
  }

  const LIST = {
    "none": { name: "None" },
    "disparity": { name: "Disparity in colour", eyes: ["left"] },
    "budget": { name: "Outside the target's limits", eyes: ["left"] },
    "window": { name: "Window violations" },
    "filled": { name: "Filled pixels" },
    "rivalry": { name: "Seen by one eye only" },
  };

  // The mark of a pixel, or -1. `state` has limits [near, far], nudge in %, and the window's violations.
  function mark(kind, eye, parallax, flags, x, width, y, height, state) {
    const p = parallax + state.nudge_pct;
    if (kind === "window" && atEdge(x / width, y / height, state.violations)) return CODES.window;
    if (eye === "left") {
      if (kind === "disparity") {
        if (p !== p) return -1;
        return COLOURS[Math.round((Math.max(-1, Math.min(1, p / FULL_PCT)) + 1) / 2 * STEPS)];
      }
      if (kind === "budget") return p < state.limits[0] ? CODES.near : p > state.limits[1] ? CODES.far : -1;
      if (kind === "window") return cut(p, x, width, y / height, state.violations) ? CODES.window : -1;
      if (kind === "filled") return flags & A3D.FILLED_LEFT ? CODES.filled : -1;
      if (kind === "rivalry") return flags & (A3D.UNSEEN | A3D.FILLED_LEFT) ? CODES.unseen : -1;
    } else if (kind === "filled" || kind === "rivalry") return flags & A3D.FILLED ? CODES.filled : -1;
    return -1;
  }

  // What the left view does not show is cut as well, so the edge itself is marked beside what it cuts.
  function atEdge(across, at, violations) {
    return violations.some((v) => at >= v.top && at < v.bottom && (v.edge === "left" ? across < EDGE : across >= 1 - EDGE));
  }

  function cut(p, x, width, at, violations) {
    if (!(p < -0.1)) return false;
    return violations.some((v) => at >= v.top && at < v.bottom &&
      (v.edge === "left" ? x + p * width / 100 < 0 : x - p * width / 100 >= width - 1));
  }

  // Marks as numbers, so that no pixel takes memory of its own; of disparity one for each step of the scale.
  const packed = (rgb) => rgb[2] << 16 | rgb[1] << 8 | rgb[0];
  const STEPS = 2000, COLOURS = new Int32Array(STEPS + 1);
  for (let i = 0; i <= STEPS; i++) COLOURS[i] = packed(colour((i / STEPS * 2 - 1) * FULL_PCT));
  const CODES = Object.fromEntries(Object.entries(MARK).map(([name, rgb]) => [name, packed(rgb)]));

  // One picture for each eye, since it is shown at once and never kept.
  const copies = {};
  function copied(view, eye) {
    const known = copies[eye];
    if (!known || known.width !== view.width || known.height !== view.height) copies[eye] = new ImageData(view.width, view.height);
    copies[eye].data.set(view.data);
    return copies[eye];
  }

  // A copy of a view with the overlay over it.
  function paint(view, measured, kind, eye, state) {
    if (kind === "none" || !measured || !view) return view;
    const out = copied(view, eye), o = out.data, whole = new Uint32Array(o.buffer);
    const { width, height, parallax, flags } = measured;
    const full = kind === "disparity", part = 0.75;
    const columns = new Int32Array(view.width);
    for (let x = 0; x < view.width; x++) columns[x] = Math.min(width - 1, Math.floor((x + 0.5) * width / view.width));
    const marks = new Int32Array(width);
    let marked = -1, any = false;
    for (let y = 0, i = 0; y < view.height; y++) {
      const row = Math.min(height - 1, Math.floor((y + 0.5) * height / view.height));
      if (row !== marked) {
        // Once for each row of the measurements, which are coarser than the view.
        marked = row; any = false;
        for (let x = 0, at = row * width; x < width; x++, at++) {
          marks[x] = mark(kind, eye, parallax[at], flags[at], x, width, row, height, state);
          if (marks[x] >= 0) any = true;
        }
      }
      if (!any) { i += 4 * view.width; continue; }
      if (full) {
        for (let x = 0, at = i / 4; x < view.width; x++, at++) if (marks[columns[x]] >= 0) whole[at] = 0xff000000 | marks[columns[x]];
        i += 4 * view.width;
        continue;
      }
      for (let x = 0; x < view.width; x++, i += 4) {
        const m = marks[columns[x]];
        if (m < 0) continue;
        const r = m & 255, g = m >> 8 & 255, b = m >> 16;
        o[i] = o[i] * (1 - part) + r * part;
        o[i + 1] = o[i + 1] * (1 - part) + g * part;
        o[i + 2] = o[i + 2] * (1 - part) + b * part;
      }
    }
    return out;
  }

  // `eyes` are those that the view shows, `filled_in` those of which it is known what was filled.
  function legend(kind, eyes, filled_in, holder) {
    holder.replaceChildren();
    const swatch = (rgb, text) => {
      const box = document.createElement("span");
      box.style.cssText = "display:inline-block;width:14px;height:12px;background:rgb(" + rgb + ")";
      const said = document.createElement("span");
      said.textContent = text;
      holder.append(box, said);
    };
    if (kind === "disparity") {
      const bar = document.createElement("canvas");
      bar.width = 200; bar.height = 10;
      const context = bar.getContext("2d");
      for (let x = 0; x < 200; x++) {
        context.fillStyle = "rgb(" + colour((x / 199 - 0.5) * 2 * FULL_PCT) + ")";
        context.fillRect(x, 0, 1, 10);
      }
      holder.append("in front −" + FULL_PCT + " %", bar, "+" + FULL_PCT + " % behind");
    }
    if (kind === "budget") { swatch(MARK.near, "too near"); swatch(MARK.far, "too far"); }
    if (kind === "window") swatch(MARK.window, "in front of the screen and cut by the edge");
    if (kind === "filled") swatch(MARK.filled, "filled");
    if (kind === "rivalry") { swatch(MARK.unseen, "left eye only"); swatch(MARK.filled, "right eye only"); }
    const over = kind === "filled" ? filled_in : LIST[kind].eyes || eyes;
    if (!over.length) holder.append("These files do not say what was filled.");
    else if (!over.some((eye) => eyes.includes(eye))) holder.append(`This view shows nothing of it: it lies over the ${over[0]} eye.`);
  }

  // Parallax at a pixel of the left view, in all the units that people speak.
  function ruler(measured, u, v, target, width_px, nudge_pct) {
    if (!measured || u < 0 || u >= 1 || v < 0 || v >= 1) return "";
    const at = Math.floor(v * measured.height) * measured.width + Math.floor(u * measured.width);
    const p = measured.parallax[at] + nudge_pct;
    if (Number.isNaN(p)) return "parallax unknown";
    const metres = p / 100 * target.width_m, degrees = Math.atan(metres / target.distance_m) * 180 / Math.PI;
    const length = Math.abs(metres) < 0.1 ? (metres * 1000).toFixed(1) + " mm" : metres.toFixed(3) + " m";
    const sign = p < 0 ? "in front" : p > 0 ? "behind" : "on the screen";
    return `${(p / 100 * width_px).toFixed(1)} px · ${p.toFixed(2)} % · ${length} · ${degrees.toFixed(2)}° · ${sign}`;
  }

  return { LIST, paint, legend, ruler, colour };
})();
