// How two views become one picture. Each mode is a function of two ImageData of one size; they never change them.
"use strict";

const Modes = (() => {
  const toLinear = new Float32Array(256), toDisplay = new Uint8ClampedArray(4097);
  for (let i = 0; i < 256; i++) {
    const v = i / 255;
    toLinear[i] = v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
  }
  for (let i = 0; i <= 4096; i++) {
    const v = i / 4096;
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

  const luma = (d, i) => 0.2126 * d[i] + 0.7152 * d[i + 1] + 0.0722 * d[i + 2];

  function same(a, each) {
    const out = new ImageData(a.width, a.height);
    const o = out.data;
    for (let i = 0; i < o.length; i += 4) { each(o, i); o[i + 3] = 255; }
    return out;
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

  function dubois(l, r, glasses) {
    const [a, b] = DUBOIS[glasses], x = l.data, y = r.data;
    return same(l, (o, i) => {
      const lr = toLinear[x[i]], lg = toLinear[x[i + 1]], lb = toLinear[x[i + 2]];
      const rr = toLinear[y[i]], rg = toLinear[y[i + 1]], rb = toLinear[y[i + 2]];
      for (let c = 0; c < 3; c++) {
        const p = a[c], q = b[c];
        const v = p[0] * lr + p[1] * lg + p[2] * lb + q[0] * rr + q[1] * rg + q[2] * rb;
        o[i + c] = toDisplay[v <= 0 ? 0 : v >= 1 ? 4096 : (v * 4096 + 0.5) | 0];
      }
    });
  }

  function mixed(l, r, glasses, ofLeft, ofRight) {
    const sees = LEFT_SEES[glasses];
    return same(l, (o, i) => {
      for (let c = 0; c < 3; c++) o[i + c] = sees[c] ? ofLeft(l.data, i, c) : ofRight(r.data, i, c);
    });
  }

  const own = (d, i, c) => d[i + c];
  const strong = (d, i) => 0.7 * d[i + 1] + 0.3 * d[i + 2];

  function beside(l, r) {
    const out = new ImageData(l.width * 2, l.height);
    const to = new Uint32Array(out.data.buffer), a = new Uint32Array(l.data.buffer), b = new Uint32Array(r.data.buffer);
    for (let y = 0; y < l.height; y++) {
      to.set(a.subarray(y * l.width, (y + 1) * l.width), 2 * y * l.width);
      to.set(b.subarray(y * l.width, (y + 1) * l.width), (2 * y + 1) * l.width);
    }
    return out;
  }

  function over(l, r) {
    const out = new ImageData(l.width, l.height * 2);
    out.data.set(l.data);
    out.data.set(r.data, l.data.length);
    return out;
  }

  function woven(l, r, isRight) {
    const out = new ImageData(l.width, l.height);
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
    "anaglyph-grey": { name: "Anaglyph, grey", glasses: true, draw: (l, r, g) => mixed(l, r, g, luma, luma) },
    "anaglyph-half": { name: "Anaglyph, half-colour", glasses: true, draw: (l, r, g) => mixed(l, r, g, luma, own) },
    "anaglyph-optimised": { name: "Anaglyph, optimised", glasses: true, draw: (l, r, g) => mixed(l, r, g, strong, own) },
    "wiggle": { name: "Wiggle", draw: (l, r, g, tick) => (tick % 2 ? r : l) },
    "difference": { name: "Difference", draw: (l, r) => same(l, (o, i) => {
      for (let c = 0; c < 3; c++) o[i + c] = Math.abs(l.data[i + c] - r.data[i + c]);
    }) },
    "checkerboard": { name: "Checkerboard", draw: (l, r) => woven(l, r, (x, y) => (x + y) % 2) },
    "rows": { name: "Row interleaved", draw: (l, r) => woven(l, r, (x, y) => y % 2) },
  };

  // The picture of a frame. nudge_px moves the views apart (> 0: everything goes behind), swap exchanges the eyes.
  function draw(mode, left, right, { glasses = GLASSES[0], nudge_px = 0, swap = false, tick = 0 } = {}) {
    const half = Math.trunc(nudge_px / 2);
    let l = shifted(left, -half), r = shifted(right, nudge_px - half);
    if (swap) [l, r] = [r, l];
    return LIST[mode].draw(l, r, glasses, tick);
  }

  return { LIST, GLASSES, draw, shifted };
})();
