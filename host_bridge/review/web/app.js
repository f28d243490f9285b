// Wires the page: what is chosen, which frame is shown, keys and pointers.
"use strict";

(() => {
  const $ = (id) => document.getElementById(id);
  const page = A3D.page;
  const state = { shot: 0, index: 0, mode: "left", glasses: Modes.GLASSES[0], overlay: "none", swap: false, nudge: 0,
    target: 0, playing: false, loop: true, tick: 0 };
  let charts = [], shown = null, drawn = null;

  const shot = () => page.shots[state.shot];
  const number = () => shot().numbers[state.index];
  const target = () => page.targets[state.target];
  const limits = () => [target().near_pct, target().far_pct];
  const nudgePx = () => Math.round(state.nudge / 100 * (drawn.left || drawn.right).width);
  const parts = () => [...Modes.eyes(state.mode, state.swap), ...(state.overlay === "none" ? [] : ["measured"])];

  function fill(select, entries) {
    select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
  }

  async function show(index = state.index) {
    const last = state.index;
    state.index = Math.max(0, Math.min(shot().numbers.length - 1, index));
    const wanted = state.shot + "/" + number();
    $("scrub").value = state.index;
    $("frame").textContent = number();
    let frame;
    const asked = parts();
    try { frame = await A3D.frame(state.shot, number(), asked); } catch (error) { $("frame").textContent = error.message; return; }
    // Whoever goes on will go on; whoever jumps is served first.
    const by = state.index - last;
    for (const ahead of Math.abs(by) === 1 ? [by, 2 * by] : []) {
      const next = shot().numbers[state.index + ahead];
      if (next !== undefined) A3D.frame(state.shot, next, asked).catch(() => {});
    }
    if (wanted !== state.shot + "/" + number()) return;
    drawn = frame;
    if (!parts().every((part) => asked.includes(part))) return show();
    draw();
    describe();
  }

  function draw() {
    if (!drawn || Modes.eyes(state.mode, state.swap).some((eye) => !drawn[eye])) return;
    const mode = Modes.LIST[state.mode], options = { glasses: state.glasses, nudge_px: nudgePx(), swap: state.swap, tick: state.tick };
    const over = { limits: limits(), nudge_pct: state.nudge, violations: shot().violations[number()] || [] };
    let { left, right } = drawn;
    if (mode.packed || ["left", "right", "wiggle"].includes(state.mode)) {
      left = Overlays.paint(left, drawn.measured, state.overlay, "left", over);
      right = Overlays.paint(right, drawn.measured, state.overlay, "right", over);
    }
    let picture = Modes.draw(state.mode, left, right, options);
    if (left === drawn.left && right === drawn.right && state.overlay !== "none") {
      picture = Overlays.paint(picture, drawn.measured, state.overlay, "left", over);
      picture = Overlays.paint(picture, drawn.measured, state.overlay, "right", over);
    }
    const canvas = $("canvas");
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
      Stage.fit();
    }
    canvas.getContext("2d").putImageData(picture, 0, 0);
    shown = { shot: state.shot, number: number() };
    canvas.dataset.frame = shown.number;
  }

  const percent = (v) => (v === null || v === undefined ? "–" : v.toFixed(2) + " %");

  const frames = (count) => count + (count === 1 ? " frame" : " frames");

  function describe() {
    const f = shot().figures, i = state.index, at = (name) => f[name][i];
    const rows = [["near", percent(at("near"))], ["1 %", percent(at("p1"))], ["median", percent(at("median"))],
      ["99 %", percent(at("p99"))], ["far", percent(at("far"))],
      ["on the screen", at("on_screen") === null ? "–" : (100 * at("on_screen")).toFixed(0) + " % of the picture"],
      ["filled", at("filled") === null ? "–" : (100 * at("filled")).toFixed(1) + " %"], ["jitter", percent(at("jitter"))],
      ["window", (shot().violations[number()] || []).map((v) => `${v.edge} ${v.parallax_pct.toFixed(2)} %`).join(", ") || (at("near") === null ? "–" : "clean")]];
    const made = () => rows.flatMap(() => [document.createElement("dt"), document.createElement("dd")]);
    if (!$("figures").childElementCount) $("figures").replaceChildren(...made());
    rows.flat().forEach((said, at) => {
      const cell = $("figures").children[at];
      if (cell.textContent !== said) cell.textContent = said;
    });
    const counts = shot().histogram[i];
    if (counts) Charts.histogram($("histogram"), $("histogram-scale"), counts, page.histogram_pct[0], page.histogram_pct[1], limits(), state.nudge);
    charts.forEach((chart) => chart.at(i));
  }

  function judge() {
    const found = shot().judgements[target().id], failing = Object.keys(found.failing).length;
    const mend = [];
    if (found.gain < 1) mend.push(`Global Depth × ${found.gain.toFixed(2)}`);
    if (Math.abs(found.zero_plane_pct) >= 0.005) mend.push(`Zero Plane ${found.zero_plane_pct > 0 ? "+" : ""}${found.zero_plane_pct.toFixed(2)} %`);
    const cut = Object.keys(shot().violations).length;
    if (cut) mend.push(`Floating Window (${shot().window.proposal.replace("float ", "")}) for what the edges cut in ${frames(cut)}`);
    $("verdict").textContent = found.verdict + (failing ? ` in ${frames(failing)}` : "") + (mend.length ? "; try " + mend.join(", ") : "");
    $("verdict").className = found.verdict === "comfortable" ? "comfortable" : "";
    const width = Math.max(320, $("charts").clientWidth - 24);
    charts = Timelines.of(shot(), target(), width, (i) => show(i));
    $("charts").replaceChildren(...charts.map((chart) => chart.figure));
    charts.forEach((chart) => chart.at(state.index));
  }

  function notes() {
    $("notes").replaceChildren(...Notes.of(shot().name).map((note) => {
      const item = document.createElement("li"), go = document.createElement("button"), text = document.createElement("span"),
        drop = document.createElement("button");
      go.textContent = note.frame;
      go.setAttribute("aria-label", "Go to frame " + note.frame);
      // A frame that this page does not show stands behind the last one before it.
      go.onclick = () => show(shot().numbers.findLastIndex((n) => n <= note.frame));
      text.textContent = (note.name ? note.name + ": " : "") + note.text;
      drop.textContent = "✕";
      drop.setAttribute("aria-label", "Remove this note");
      drop.onclick = () => Notes.remove(note);
      item.append(go, text, drop);
      return item;
    }));
    $("approve").setAttribute("aria-pressed", Notes.decision(shot().name) === "approved");
    $("retake").setAttribute("aria-pressed", Notes.decision(shot().name) === "retake");
    table();
  }

  function table() {
    const head = ["Shot", "Frames", "1 % … 99 %", ...page.targets.map((t) => t.name), "Window", "Decision"];
    const rows = page.shots.map((s, i) => {
      const row = document.createElement("tr");
      const of = (name) => s.figures[name].filter((v) => v !== null);
      const near = of("p1"), far = of("p99");
      const cells = [s.name, s.numbers.length, near.length ? `${Math.min(...near).toFixed(2)} … ${Math.max(...far).toFixed(2)} %` : "–",
        ...page.targets.map((t) => s.judgements[t.id].verdict), s.window.proposal || (near.length ? "clean" : "–"), Notes.decision(s.name) || "–"];
      row.append(...cells.map((c) => { const td = document.createElement("td"); td.textContent = c; return td; }));
      row.tabIndex = 0;
      row.onclick = () => choose(i);
      row.onkeydown = (event) => { if (event.key === "Enter") choose(i); };
      return row;
    });
    const thead = document.createElement("thead"), line = document.createElement("tr"), body = document.createElement("tbody");
    line.append(...head.map((h) => { const th = document.createElement("th"); th.scope = "col"; th.textContent = h; return th; }));
    thead.append(line);
    body.append(...rows);
    $("shots").replaceChildren($("shots").caption, thead, body);
  }

  function choose(index) {
    state.shot = index; state.index = 0; drawn = null;
    $("shot").value = index;
    $("scrub").max = shot().numbers.length - 1;
    judge();
    notes();
    legend();
    show(0);
  }

  function play(on = !state.playing) {
    state.playing = on;
    $("play").textContent = on ? "⏸" : "▶";
    $("play").setAttribute("aria-label", on ? "Pause" : "Play");
    if (on) step(performance.now());
  }

  async function step(due) {
    if (!state.playing) return;
    const last = state.index + 1 >= shot().numbers.length;
    if (last && !state.loop) { play(false); return; }
    await show(last ? 0 : state.index + 1);
    const next = Math.max(due + 1000 / page.fps, performance.now());
    setTimeout(() => step(next), Math.max(0, next - performance.now()));
  }

  function legend() { Overlays.legend(state.overlay, Modes.eyes(state.mode, state.swap), shot().filled_in, $("legend")); }

  function set(name, value) {
    state[name] = value;
    if (["mode", "overlay", "swap"].includes(name)) legend();
    if (name === "mode") $("glasses").disabled = !Modes.LIST[value].glasses;
    if (name === "nudge") { $("nudge").value = value; $("nudge-value").textContent = value.toFixed(2) + " %"; }
    if (name === "swap") $("swap").setAttribute("aria-pressed", value);
    if (["mode", "overlay", "glasses"].includes(name)) $(name).value = value;
    return drawn ? show() : null;
  }

  function reset() { set("nudge", 0); set("swap", false); Stage.reset(); }

  function cycle(name, entries, by) {
    set(name, entries[(entries.indexOf(state[name]) + by + entries.length) % entries.length]);
  }

  const KEYS = {
    " ": ["play or pause", () => play()], "ArrowRight": ["next frame", () => show(state.index + 1)],
    "ArrowLeft": ["frame before", () => show(state.index - 1)], "Home": ["first frame", () => show(0)],
    "End": ["last frame", () => show(shot().numbers.length - 1)], "v": ["next view", () => cycle("mode", Object.keys(Modes.LIST), 1)],
    "V": ["view before", () => cycle("mode", Object.keys(Modes.LIST), -1)], "o": ["next overlay", () => cycle("overlay", Object.keys(Overlays.LIST), 1)],
    "g": ["next glasses", () => cycle("glasses", Modes.GLASSES, 1)], "x": ["swap eyes", () => set("swap", !state.swap)],
    "[": ["convergence nearer", () => set("nudge", Math.max(-3, +(state.nudge - 0.05).toFixed(2)))],
    "]": ["convergence farther", () => set("nudge", Math.min(3, +(state.nudge + 0.05).toFixed(2)))],
    "l": ["loop", () => loop()], "0": ["reset view", reset], "n": ["note on this frame", () => $("note-text").focus()],
    "PageDown": ["next shot", () => choose(Math.min(page.shots.length - 1, state.shot + 1))],
    "PageUp": ["shot before", () => choose(Math.max(0, state.shot - 1))], "?": ["this list", () => $("help").showModal()],
  };

  function loop() { state.loop = !state.loop; $("loop").setAttribute("aria-pressed", state.loop); }

  function save(text, name, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  function pointer(event) {
    const box = $("stage").getBoundingClientRect(), c = $("canvas"), mode = Modes.LIST[state.mode];
    let u = (event.clientX - box.left - c.dataset.x) / c.dataset.sx / c.width, v = (event.clientY - box.top - c.dataset.y) / c.dataset.sy / c.height;
    if (mode.packed === "beside") u *= 2; else if (mode.packed === "crossed") u = u * 2 - 1; else if (mode.packed === "over") v *= 2;
    if (drawn && drawn.pictures.d && !drawn.measured) {
      A3D.frame(state.shot, number(), ["measured"]).then((frame) => { if (frame === drawn) pointer(event); }).catch(() => {});
    }
    const said = drawn ? Overlays.ruler(drawn.measured, u, v, target(), shot().width_px, state.nudge) : "";
    $("readout").hidden = !said;
    $("readout").textContent = said;
    $("readout").style.left = Math.min(box.width - 260, event.clientX - box.left + 12) + "px";
    $("readout").style.top = Math.min(box.height - 24, event.clientY - box.top + 12) + "px";
  }

  function wire() {
    document.title = $("title").textContent = page.title;
    fill($("shot"), page.shots.map((s, i) => [i, s.name]));
    fill($("target"), page.targets.map((t, i) => [i, t.name]));
    fill($("mode"), Object.entries(Modes.LIST).map(([id, m]) => [id, m.name]));
    fill($("glasses"), Modes.GLASSES.map((g) => [g, g]));
    fill($("overlay"), Object.entries(Overlays.LIST).map(([id, o]) => [id, o.name]));
    const spelled = { " ": "Space", ArrowRight: "→", ArrowLeft: "←", PageDown: "Page Down", PageUp: "Page Up" };
    // Names that are numbers come first among an object's.
    const known = Object.entries(KEYS).sort(([a], [b]) => (a === "0") - (b === "0"));
    $("keys").replaceChildren(...known.flatMap(([key, [what]]) => {
      const dt = document.createElement("dt"), dd = document.createElement("dd");
      dt.textContent = spelled[key] || key; dd.textContent = what;
      return [dt, dd];
    }));
    $("shot").onchange = (e) => choose(+e.target.value);
    $("target").onchange = (e) => { state.target = +e.target.value; judge(); draw(); describe(); };
    for (const name of ["mode", "glasses", "overlay"]) $(name).onchange = (e) => set(name, e.target.value);
    $("scrub").oninput = (e) => show(+e.target.value);
    $("nudge").oninput = (e) => set("nudge", +e.target.value);
    $("first").onclick = () => show(0); $("back").onclick = () => show(state.index - 1);
    $("next").onclick = () => show(state.index + 1); $("play").onclick = () => play(); $("loop").onclick = loop;
    $("swap").onclick = () => set("swap", !state.swap); $("reset").onclick = reset;
    $("help-open").onclick = () => $("help").showModal(); $("help-close").onclick = () => $("help").close();
    // A key pressed after that is the page's, not the closed dialog's button's.
    $("help").addEventListener("close", () => document.activeElement.blur());
    $("note-form").onsubmit = (event) => {
      event.preventDefault();
      if ($("note-text").value.trim()) Notes.add(shot().name, number(), $("note-name").value.trim(), $("note-text").value.trim());
      $("note-text").value = "";
    };
    $("approve").onclick = () => Notes.decide(shot().name, "approved"); $("retake").onclick = () => Notes.decide(shot().name, "retake");
    $("export-json").onclick = () => save(Notes.json(), "notes.json", "application/json");
    $("export-csv").onclick = () => save(Notes.csv(), "notes.csv", "text/csv");
    $("import").onchange = async (e) => {
      try { Notes.take(await e.target.files[0].text()); } catch (error) { alert(error.message); }
      e.target.value = "";
    };
    document.addEventListener("keydown", (event) => {
      if (/INPUT|TEXTAREA|SELECT/.test(event.target.tagName) && event.target.type !== "range" || $("help").open || event.ctrlKey || event.metaKey) return;
      if (event.key === " " && event.target.tagName === "BUTTON") return;
      const known = KEYS[event.key];
      if (known) { event.preventDefault(); known[1](); }
    });
    Stage.open($("stage"), $("canvas"), () => shot().pixel_aspect, pointer, () => { $("readout").hidden = true; });
    let wide = 0;
    new ResizeObserver(() => {
      if ($("charts").clientWidth !== wide) { wide = $("charts").clientWidth; judge(); }
    }).observe($("charts"));
    setInterval(() => { if (state.mode === "wiggle") { state.tick++; draw(); } }, 180);
  }

  Notes.open(page, notes);
  wire();
  set("mode", state.mode);
  choose(0);
  window.art3dReview = { state, set, show, frame: () => shown };
})();
