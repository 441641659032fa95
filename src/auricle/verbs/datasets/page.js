"use strict";
const clips = JSON.parse(document.getElementById("data").textContent);
const rows = document.getElementById("rows");
const search = document.getElementById("search");
const order = document.getElementById("order");
const more = document.getElementById("more");
const step = 25;
let found = clips;
let shown = 0;
let playing = null;

function cell(text, kind) {
  const made = document.createElement("td");
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function player(clip) {
  const made = document.createElement("td");
  if (!clip.source) return cell("–");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Play";
  button.setAttribute("aria-label", "Play " + clip.id);
  button.addEventListener("click", () => {
    const sound = document.createElement("audio");
    sound.controls = true;
    sound.src = clip.source;
    sound.setAttribute("aria-label", clip.id);
    made.replaceChildren(sound);
    if (playing) playing.pause();
    playing = sound;
    sound.play().catch(() => made.append(" cannot be played here"));
  });
  made.append(button);
  return made;
}

function row(clip) {
  const made = document.createElement("tr");
  const name = cell(clip.id);
  const who = document.createElement("div");
  who.className = "who";
  who.textContent = clip.who;
  name.append(who);
  const text = clip.error ? cell(clip.error, "text bad") : cell(clip.text || "no text", clip.text ? "text" : "text bad");
  made.append(player(clip), name, cell(clip.duration), cell(clip.snr), cell(clip.level), text);
  return made;
}

function extend() {
  rows.append(...found.slice(shown, shown + step).map(row));
  shown = Math.min(shown + step, found.length);
  more.hidden = shown >= found.length;
  document.getElementById("count").textContent = shown + " of " + found.length + " clips";
}

function update() {
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  found = clips.filter((clip) => {
    const all = (clip.id + " " + clip.who + " " + clip.text + " " + clip.error).toLowerCase();
    return wanted.every((word) => all.includes(word));
  });
  const up = order.value.startsWith("-");
  const key = order.value.replace("-", "");
  if (key) found = [...found].sort((a, b) => (up ? a[key] - b[key] : b[key] - a[key]));
  rows.replaceChildren();
  shown = 0;
  extend();
}

search.addEventListener("input", update);
order.addEventListener("change", update);
more.addEventListener("click", extend);
update();
