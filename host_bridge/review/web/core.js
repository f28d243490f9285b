// The page's data and its frames: loaded from script files beside the page, decoded once, kept while memory allows.
"use strict";

const A3D = {
  page: null,
  KEPT: 24,
  STEP_PCT: 0.01,
  LIMIT_PCT: 10,
  FILLED: 128,
  UNSEEN: 64,
  _frames: new Map(),
  _asked: new Map(),

  data(page) { A3D.page = page; },

  // A frame's script calls this; see proxies.py for what d means.
  put(shot, number, pictures) {
    const key = shot + "/" + number;
    const waiting = A3D._asked.get(key);
    if (!waiting) return;
    Promise.all([A3D._pixels(pictures.l), A3D._pixels(pictures.r), pictures.d ? A3D._pixels(pictures.d) : null])
      .then(([left, right, coded]) => waiting.resolve({ left, right, measured: coded && A3D.measured(coded) }))
      .catch(waiting.reject);
  },

  // Resolves to {left, right: ImageData, measured: {width, height, parallax: Float32Array, flags} or null}.
  frame(shot, number) {
    const key = shot + "/" + number;
    const known = A3D._frames.get(key);
    if (known) {
      A3D._frames.delete(key);
      A3D._frames.set(key, known);
      return known;
    }
    const asked = new Promise((resolve, reject) => {
      A3D._asked.set(key, { resolve, reject });
      const script = document.createElement("script");
      script.src = "frames/" + shot + "/" + number + ".js";
      script.onload = () => script.remove();
      script.onerror = () => reject(new Error("frame " + number + " cannot be read"));
      document.head.append(script);
    });
    asked.finally(() => A3D._asked.delete(key)).catch(() => A3D._frames.delete(key));
    A3D._frames.set(key, asked);
    for (const oldest of A3D._frames.keys()) {
      if (A3D._frames.size <= A3D.KEPT) break;
      A3D._frames.delete(oldest);
    }
    return asked;
  },

  async _pixels(address) {
    const code = atob(address.slice(address.indexOf(",") + 1)), bytes = new Uint8Array(code.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = code.charCodeAt(i);
    // Decoded beside the page's own thread; numbers in colours must come through as they are.
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/webp" }),
      { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    const canvas = A3D._canvas || (A3D._canvas = document.createElement("canvas"));
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    return context.getImageData(0, 0, canvas.width, canvas.height);
  },

  measured(coded) {
    const count = coded.width * coded.height;
    const parallax = new Float32Array(count), flags = new Uint8Array(count);
    for (let i = 0, at = 0; i < count; i++, at += 4) {
      const code = coded.data[at] * 256 + coded.data[at + 1];
      parallax[i] = code ? (code - 1) * A3D.STEP_PCT - A3D.LIMIT_PCT : NaN;
      flags[i] = coded.data[at + 2];
    }
    return { width: coded.width, height: coded.height, parallax, flags };
  },
};
