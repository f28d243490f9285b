// Notes on frames and a decision for each shot, kept in this browser, carried as JSON or CSV.
"use strict";

const Notes = (() => {
  let key = "", state = empty(), changed = () => {};

  function empty() { return { format: "art3d-notes", version: 1, notes: [], decisions: {} }; }

  function open(page, told) {
    key = "art3d-notes:" + page.id;
    changed = told;
    state = merged(empty(), page.notes || empty());
    try { state = merged(state, JSON.parse(localStorage.getItem(key)) || empty()); } catch (error) { /* storage is off */ }
  }

  const identity = (n) => [n.shot, n.frame, n.name, n.text, n.time].join("\u0000");

  function merged(a, b) {
    if (!b || b.format !== "art3d-notes" || !Array.isArray(b.notes)) throw new Error("this file holds no notes of a review");
    const known = new Set(a.notes.map(identity));
    const more = b.notes.filter((n) => n && typeof n.text === "string" && typeof n.shot === "string" &&
      Number.isInteger(n.frame) && !known.has(identity(n)));
    return { ...a, notes: [...a.notes, ...more], decisions: { ...a.decisions, ...b.decisions } };
  }

  function keep() {
    try { localStorage.setItem(key, JSON.stringify(state)); } catch (error) { /* storage is off */ }
    changed();
  }

  function add(shot, frame, name, text) {
    state.notes.push({ shot, frame, name, text, time: new Date().toISOString() });
    keep();
  }

  function remove(note) { state.notes = state.notes.filter((n) => n !== note); keep(); }

  function decide(shot, decision) {
    if (state.decisions[shot] === decision) delete state.decisions[shot]; else state.decisions[shot] = decision;
    keep();
  }

  const json = () => JSON.stringify(state, null, 1);

  function csv() {
    // A cell that begins like a formula would be run by a spreadsheet.
    const cell = (v) => '"' + String(v).replace(/^([=+\-@\t\r])/, "'$1").replaceAll('"', '""') + '"';
    const rows = [["shot", "frame", "name", "text", "time", "decision"]];
    for (const n of sorted()) rows.push([n.shot, n.frame, n.name, n.text, n.time, state.decisions[n.shot] || ""]);
    for (const [shot, d] of Object.entries(state.decisions)) if (!state.notes.some((n) => n.shot === shot)) rows.push([shot, "", "", "", "", d]);
    return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  }

  function take(text) { state = merged(state, JSON.parse(text)); keep(); }

  const sorted = () => [...state.notes].sort((a, b) => a.shot.localeCompare(b.shot) || a.frame - b.frame);

  return { open, add, remove, decide, json, csv, take, of: (shot) => sorted().filter((n) => n.shot === shot),
    decision: (shot) => state.decisions[shot] || "" };
})();
