// The page's data and its frames: loaded from script files beside the page, kept while memory allows; of a frame only
// what is looked at is decoded, once.
"use strict";

const A3D = {
  page: null,
  KEPT: 24,
  STEP_PCT: 0.01,
  LIMIT_PCT: 10,
  FILLED: 128,
  UNSEEN: 64,
  FILLED_LEFT: 32,
  _frames: new Map(),
  _asked: new Map(),

  data(page) { A3D.page = page; },

  // A frame's script calls this; see proxies.py for what d means.
  put(shot, number, pictures) {
    const key = shot + "/" + number;
    const waiting = A3D._asked.get(key);
    if (!waiting) return;
    waiting.resolve({ pictures, making: {}, left: null, right: null, measured: null });
  },

  PARTS: ["left", "right", "measured"],

  // Resolves to {left, right: ImageData, measured: {width, height, parallax: Float32Array, flags} or null}; parts that
  // were never asked are null.
  async frame(shot, number, parts = A3D.PARTS) {
    const frame = await A3D._loaded(shot, number);
    await Promise.all(parts.map((part) => frame.making[part] || (frame.making[part] = A3D._make(frame, part))));
    return frame;
  },

  async _make(frame, part) {
    const address = frame.pictures[part === "measured" ? "d" : part[0]];
    if (!address) return;
    const pixels = await A3D._pixels(address);
    frame[part] = part === "measured" ? A3D.measured(pixels) : pixels;
  },

  _loaded(shot, number) {
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
    const code = address.slice(address.indexOf(",") + 1);
    const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(code) : Uint8Array.from(atob(code), (c) => c.charCodeAt(0));
    // Decoded beside the page's own thread; numbers in colours must come through as they are.
    const bitmap = await createImageBitmap(new Blob([bytes], { type: address.slice(5, address.indexOf(";")) }),
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
