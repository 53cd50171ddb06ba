"use strict";
/* Changes of photo and network; the answer follows. The server makes every change. */

const plain = () => ({ occlude: null, shift: [0, 0], rotate: 0, noise: 0, weights: [], dropped: {} });
let changes = plain(), corner = null, drawn = false;

function changed() { // what is changed, in words
  const said = [];
  const [down, right] = changes.shift;
  if (right) said.push(`shifted by ${Math.abs(right)} pixels to the ${right > 0 ? "right" : "left"}`);
  if (down) said.push(`shifted by ${Math.abs(down)} pixels ${down > 0 ? "down" : "up"}`);
  if (changes.rotate) said.push(`turned by ${changes.rotate} degrees`);
  if (changes.noise) said.push(`noise of ${changes.noise} times the deviation`);
  if (changes.occlude) said.push("a part of the photo is covered");
  for (const [path, name, place, value] of changes.weights)
    said.push(`${path}.${name}[${place.join(", ")}] is ${shown(value)}`);
  for (const [path, channels] of Object.entries(changes.dropped))
    said.push(`${path}: without channel ${channels.join(", ")}`);
  $("changes").replaceChildren(...said.map(text => make("li", { textContent: text })));
}
function connectPlay(follow, finish) {
  const sliders = { right: v => { changes.shift[1] = v; }, down: v => { changes.shift[0] = v; },
    rotate: v => { changes.rotate = v; }, noise: v => { changes.noise = v; } };
  for (const [id, set] of Object.entries(sliders)) {
    $(id).oninput = () => { set(Number($(id).value)); changed(); follow(); };
    $(id).onchange = finish;
  }
  $("reset").onclick = () => {
    changes = plain();
    for (const id of Object.keys(sliders)) $(id).value = 0;
    changed();
    finish();
  };
  const fraction = event => {
    const box = $("photo").getBoundingClientRect();
    const cut = v => Math.min(Math.max(v, 0), 1);
    return [cut((event.clientX - box.left) / box.width), cut((event.clientY - box.top) / box.height)];
  };
  $("photo").onpointerdown = event => {
    if (!$("play").open) return;
    corner = fraction(event);
    $("photo").setPointerCapture(event.pointerId);
  };
  $("photo").onpointermove = event => {
    if (!corner) return;
    changes.occlude = [...corner, ...fraction(event)];
    changed();
    follow();
  };
  $("photo").onpointerup = () => {
    if (corner) finish();
    corner = null;
  };
}
function connectDrawing(take) {
  const paper = $("paper"), brush = paper.getContext("2d", { willReadFrequently: true });
  const wipe = () => {
    brush.fillStyle = "#000";
    brush.fillRect(0, 0, paper.width, paper.height);
    drawn = false;
  };
  const point = event => {
    const box = paper.getBoundingClientRect();
    return [(event.clientX - box.left) * paper.width / box.width,
      (event.clientY - box.top) * paper.height / box.height];
  };
  let last = null;
  paper.onpointerdown = event => {
    last = point(event);
    paper.setPointerCapture(event.pointerId);
  };
  paper.onpointermove = event => {
    if (!last) return;
    const next = point(event);
    Object.assign(brush, { strokeStyle: "#fff", lineWidth: 24, lineCap: "round" });
    brush.beginPath();
    brush.moveTo(...last);
    brush.lineTo(...next);
    brush.stroke();
    [last, drawn] = [next, true];
  };
  paper.onpointerup = () => { last = null; };
  $("draw-open").onclick = () => { wipe(); $("draw").showModal(); };
  $("draw-clear").onclick = wipe;
  $("draw-close").onclick = () => $("draw").close();
  $("draw-take").onclick = () => {
    $("draw").close();
    if (drawn) paper.toBlob(take, "image/png");
  };
}
