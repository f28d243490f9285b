// How two views become one picture. Each mode is a function of two ImageData of one size; they never change them.
"use strict";

const Modes = (() => {
  // Dubois' sums, scaled: two of them share an integer, so that a pixel takes 12 look-ups instead of 18 products.
  const SCALE = 16384, BIAS = 16384;
  const toLinear = new Float32Array(256), toDisplay = new Uint8Array(65536);
  for (let i = 0; i < 256; i++) {
    const v = i / 255;
    toLinear[i] = v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
  }
  for (let i = 0; i < 65536; i++) {
    const v = Math.max(0, Math.min(1, (i - BIAS) / SCALE));
    toDisplay[i] = Math.floor(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * Math.pow(v, 1 / 2.4) - 0.055) + 0.5);
  }

  // Least-squares projections on linear light. E. Dubois, A Projection Method to Generate Anaglyph Stereo Images,
  // ICASSP 2001, with the matrices that he publishes for LCD screens. Rows are R, G, B of the result.
  const DUBOIS = {
    "red/cyan": [
      [[0.4561, 0.500484, 0.176381], [-0.0400822, -0.0378246, -0.0157589], [-0.0152161, -0.0205971, -0.00546856]],
      [[-0.0434706, -0.0879388, -0.00155529], [0.378476, 0.73364, -0.0184503], [-0.0721527, -0.112961, 1.2264]]],
    "green/magenta": [
      [[-0.062, -0.158, -0.039], [0.284, 0.668, 0.143], [-0.015, -0.027, 0.021]],
      [[0.529, 0.705, 0.024], [-0.016, -0.015, -0.065], [0.009, 0.075, 0.937]]],
    "amber/blue": [
      [[1.062, -0.205, 0.299], [-0.026, 0.908, 0.068], [-0.038, -0.173, 0.022]],
      [[-0.016, -0.123, -0.017], [0.006, 0.062, -0.017], [0.094, 0.185, 0.911]]],
  };
  // Which colours the left eye sees.
  const LEFT_SEES = { "red/cyan": [1, 0, 0], "green/magenta": [0, 1, 0], "amber/blue": [1, 1, 0] };
  const GLASSES = Object.keys(DUBOIS);

  // What an eye's colours become of a view: null leaves them, else a grey of these shares.
  const LUMA = [0.2126, 0.7152, 0.0722], STRONG = [0, 0.7, 0.3];

  // The picture that modes draw into: one for all frames of a size, since it is shown at once and never kept.
  let shared = null;
  function canvas(width, height) {
    if (!shared || shared.width !== width || shared.height !== height) shared = new ImageData(width, height);
    return shared;
  }

  // A view moved by whole pixels; black where it has nothing.
  function shifted(view, px) {
    if (!px) return view;
    const out = new ImageData(view.width, view.height);
    const from = new Uint32Array(view.data.buffer), to = new Uint32Array(out.data.buffer).fill(0xff000000);
    const width = view.width, count = Math.max(0, width - Math.abs(px));
    for (let y = 0; y < view.height; y++) {
      const start = y * width;
      to.set(from.subarray(start + Math.max(0, -px), start + Math.max(0, -px) + count), start + Math.max(0, px));
    }
    return out;
  }

  // For each of the six colours of both eyes, its share of red and green in one integer, of blue in another.
  const tables = {};
  function tablesOf(glasses) {
    if (!tables[glasses]) {
      tables[glasses] = DUBOIS[glasses].flatMap((matrix, eye) => [0, 1, 2].map((colour) => {
        const rg = new Int32Array(256), blue = new Int32Array(256), bias = eye || colour ? 0 : BIAS;
        for (let i = 0; i < 256; i++) {
          const [r, g, b] = matrix.map((row) => Math.round(row[colour] * toLinear[i] * SCALE) + bias);
          rg[i] = r * 65536 + g;
          blue[i] = b;
        }
        return [rg, blue];
      }));
    }
    return tables[glasses];
  }

  function dubois(l, r, glasses) {
    const [[a, p], [b, q], [c, s], [d, t], [e, u], [f, v]] = tablesOf(glasses);
    const out = canvas(l.width, l.height), to = new Uint32Array(out.data.buffer), x = l.data, y = r.data;
    for (let i = 0, at = 0; i < to.length; i++, at += 4) {
      const lr = x[at], lg = x[at + 1], lb = x[at + 2], rr = y[at], rg = y[at + 1], rb = y[at + 2];
      const two = a[lr] + b[lg] + c[lb] + d[rr] + e[rg] + f[rb];
      const blue = p[lr] + q[lg] + s[lb] + t[rr] + u[rg] + v[rb];
      to[i] = 0xff000000 | toDisplay[blue] << 16 | toDisplay[two & 65535] << 8 | toDisplay[two >>> 16];
    }
    return out;
  }

  function mixed(l, r, glasses, left, right) {
    const [red, green, blue] = LEFT_SEES[glasses], [p, q, s] = left || LUMA, [t, u, v] = right || LUMA;
    const out = canvas(l.width, l.height), o = out.data, x = l.data, y = r.data;
    for (let i = 0; i < o.length; i += 4) {
      const a = left ? p * x[i] + q * x[i + 1] + s * x[i + 2] : 0, b = right ? t * y[i] + u * y[i + 1] + v * y[i + 2] : 0;
      o[i] = red ? (left ? a : x[i]) : right ? b : y[i];
      o[i + 1] = green ? (left ? a : x[i + 1]) : right ? b : y[i + 1];
      o[i + 2] = blue ? (left ? a : x[i + 2]) : right ? b : y[i + 2];
      o[i + 3] = 255;
    }
    return out;
  }

  function difference(l, r) {
    const out = canvas(l.width, l.height), o = out.data, x = l.data, y = r.data;
    for (let i = 0; i < o.length; i += 4) {
      o[i] = Math.abs(x[i] - y[i]);
      o[i + 1] = Math.abs(x[i + 1] - y[i + 1]);
      o[i + 2] = Math.abs(x[i + 2] - y[i + 2]);
      o[i + 3] = 255;
    }
    return out;
  }

  function beside(l, r) {
    const out = canvas(l.width * 2, l.height);
    const to = new Uint32Array(out.data.buffer), a = new Uint32Array(l.data.buffer), b = new Uint32Array(r.data.buffer);
    for (let y = 0; y < l.height; y++) {
      to.set(a.subarray(y * l.width, (y + 1) * l.width), 2 * y * l.width);
      to.set(b.subarray(y * l.width, (y + 1) * l.width), (2 * y + 1) * l.width);
    }
    return out;
  }

  function over(l, r) {
    const out = canvas(l.width, l.height * 2);
    out.data.set(l.data);
    out.data.set(r.data, l.data.length);
    return out;
  }

  function woven(l, r, isRight) {
    const out = canvas(l.width, l.height);
    const to = new Uint32Array(out.data.buffer), a = new Uint32Array(l.data.buffer), b = new Uint32Array(r.data.buffer);
    for (let y = 0, i = 0; y < l.height; y++) for (let x = 0; x < l.width; x++, i++) to[i] = isRight(x, y) ? b[i] : a[i];
    return out;
  }

  const LIST = {
    "left": { name: "Left", draw: (l) => l },
    "right": { name: "Right", draw: (l, r) => r },
    "parallel": { name: "Side by side, parallel", packed: "beside", draw: beside },
    "cross-eyed": { name: "Side by side, cross-eyed", packed: "crossed", draw: (l, r) => beside(r, l) },
    "over-under": { name: "Over-under", packed: "over", draw: over },
    "anaglyph-dubois": { name: "Anaglyph, Dubois", glasses: true, draw: dubois },
    "anaglyph-grey": { name: "Anaglyph, grey", glasses: true, draw: (l, r, g) => mixed(l, r, g, LUMA, LUMA) },
    "anaglyph-half": { name: "Anaglyph, half-colour", glasses: true, draw: (l, r, g) => mixed(l, r, g, LUMA, null) },
    "anaglyph-optimised": { name: "Anaglyph, optimised", glasses: true, draw: (l, r, g) => mixed(l, r, g, STRONG, null) },
    "wiggle": { name: "Wiggle", draw: (l, r, g, tick) => (tick % 2 ? r : l) },
    "difference": { name: "Difference", draw: difference },
    "checkerboard": { name: "Checkerboard", draw: (l, r) => woven(l, r, (x, y) => (x + y) % 2) },
    "rows": { name: "Row interleaved", draw: (l, r) => woven(l, r, (x, y) => y % 2) },
  };

  // The picture of a frame. nudge_px moves the views apart (> 0: everything goes behind), swap exchanges the eyes.
  function draw(mode, left, right, { glasses = GLASSES[0], nudge_px = 0, swap = false, tick = 0 } = {}) {
    const half = Math.trunc(nudge_px / 2);
    let l = left && shifted(left, -half), r = right && shifted(right, nudge_px - half);
    if (swap) [l, r] = [r, l];
    return LIST[mode].draw(l, r, glasses, tick);
  }

  // Which views a mode needs.
  function eyes(mode, swap) {
    if (mode !== "left" && mode !== "right") return ["left", "right"];
    return [(mode === "left") === swap ? "right" : "left"];
  }

  return { LIST, GLASSES, draw, eyes, shifted };
})();
