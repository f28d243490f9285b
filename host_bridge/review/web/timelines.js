// The charts of a shot over time, as a screen sees it.
"use strict";

const Timelines = (() => {
  // What brings each scene within the screen's limits, and what the shot's analysis suggests where there is one.
  function knobs(shot, target) {
    const mend = shot.knobs[target.id], found = shot.suggested, still = (value) => shot.numbers.map(() => value);
    const lines = [
      { name: "this screen: Global Depth ×", values: mend.depth_gain, colour: "#e6e6e2" },
      { name: "this screen: Zero Plane + %", values: mend.zero_plane, colour: "#f0c040" }];
    if (found) lines.push(
      { name: "analysis: Global Depth ×", values: still(found.depth_gain), colour: "#7ac8a0", dash: "6 4" },
      { name: "analysis: Zero Plane %", values: still(found.zero_plane), colour: "#f07090", dash: "6 4" });
    return lines;
  }

  function of(shot, target, width, go) {
    const f = shot.figures, cuts = shot.cuts.map((c) => shot.numbers.indexOf(c));
    const chart = (title, unit, lines, more = {}) =>
      Charts.time({ width, title, unit, lines, numbers: shot.numbers, cuts, ...more }, go);
    const bands = [{ from: target.near_pct, to: target.far_pct, colour: "#24342d" }];
    return [
      chart("Parallax", " %", [
        { name: "near", values: f.near, colour: "#f0a060" }, { name: "1 %", values: f.p1, colour: "#f08030" },
        { name: "median", values: f.median, colour: "#e6e6e2" }, { name: "99 %", values: f.p99, colour: "#5a9cf0" },
        { name: "far", values: f.far, colour: "#90bcf0" }], { bands }),
      chart("Suggested knobs", "", knobs(shot, target)),
      chart("On the screen plane", " %", [
        { name: "share of the picture", values: f.on_screen.map((v) => v === null ? null : 100 * v), colour: "#7ac8a0" }],
      { digits: 0 }),
      chart("Steadiness and cuts", " %", [
        { name: "jitter", values: f.jitter, colour: "#f0c040" },
        { name: "depth jump at a cut", values: shot.jumps, colour: "#f07090" }]),
      chart("Window violations", " %", [
        { name: "left edge", values: shot.window.left, colour: "#f08030" },
        { name: "right edge", values: shot.window.right, colour: "#f0d060" }]),
    ];
  }

  return { of };
})();
