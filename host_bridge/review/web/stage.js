// Where the picture lies on its stage: wheel or two fingers zoom, a drag moves it.
"use strict";

const Stage = (() => {
  const LEAST = 0.5, MOST = 16;
  const at = { zoom: 1, x: 0, y: 0 };
  let stage, canvas, aspect;

  function fit() {
    const base = Math.min(stage.clientWidth / (canvas.width * aspect()), stage.clientHeight / canvas.height);
    const sx = base * at.zoom * aspect(), sy = base * at.zoom;
    const x = (stage.clientWidth - canvas.width * sx) / 2 + at.x, y = (stage.clientHeight - canvas.height * sy) / 2 + at.y;
    canvas.style.transform = `translate(${x}px, ${y}px) scale(${sx}, ${sy})`;
    canvas.dataset.x = x; canvas.dataset.y = y; canvas.dataset.sx = sx; canvas.dataset.sy = sy;
  }

  function reset() { Object.assign(at, { zoom: 1, x: 0, y: 0 }); fit(); }

  // What lies under the point of the window stays there.
  function zoom(by, clientX, clientY) {
    const box = stage.getBoundingClientRect(), zoomed = Math.max(LEAST, Math.min(MOST, at.zoom * by)), grown = zoomed / at.zoom;
    const dx = clientX - box.left - box.width / 2, dy = clientY - box.top - box.height / 2;
    at.x = dx - (dx - at.x) * grown; at.y = dy - (dy - at.y) * grown; at.zoom = zoomed;
    fit();
  }

  function middle(fingers) {
    const [a, b] = fingers.values();
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
  }

  // `pixelAspect` gives that of the shot; `point` is told of every move over the stage, `leave` of the last one.
  function open(holder, picture, pixelAspect, point, leave) {
    stage = holder; canvas = picture; aspect = pixelAspect;
    const down = new Map();
    stage.addEventListener("pointerdown", (event) => { down.set(event.pointerId, { x: event.clientX, y: event.clientY }); });
    for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, (event) => { down.delete(event.pointerId); });
    stage.addEventListener("pointermove", (event) => {
      const was = down.get(event.pointerId);
      if (was && down.size === 1) { at.x += event.clientX - was.x; at.y += event.clientY - was.y; fit(); }
      const before = was && down.size === 2 ? middle(down) : null;
      if (was) down.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (before) {
        const now = middle(down);
        at.x += now.x - before.x; at.y += now.y - before.y;
        zoom(now.apart / before.apart, now.x, now.y);
      }
      point(event);
    });
    stage.addEventListener("pointerleave", leave);
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
    }, { passive: false });
    new ResizeObserver(fit).observe(stage);
  }

  return { open, fit, reset };
})();
