"use strict";
/* The glass box. Nothing is computed here: every number comes from the server's library. */

const BARS = 12; // classes that are shown with their probability
const COUNT = 6; // maps of a node, at first
const LANE = 12, DOT = 16; // pixels of the diagram's lines
let network = null, given = null, x = null, answer = null, backward = null, picked = null, epochs = [], turn = 0;
const mode = () => document.querySelector("input[name=mode]:checked").value;
const epoch = () => epochs.length ? epochs[Number($("epoch").value)] ?? null : null;
const pack = array => ({ type: "f4", shape: array.shape, data: base64(new Uint8Array(array.data.buffer)) });

function base64(bytes) {
  let text = "";
  for (let k = 0; k < bytes.length; k += 0x8000)
    text += String.fromCharCode(...bytes.subarray(k, k + 0x8000));
  return btoa(text);
}
function say(text, problem = false) {
  $("status").textContent = text;
  $("status").classList.toggle("problem", problem);
}
const isFolder = typeof SHOWN !== "undefined"; // without a server: the answers lie beside the page
let folderAnswers = {};
let folderArrays = [];
function answersAre(found, arrays) { [folderAnswers, folderArrays] = [found, arrays]; }
async function loadAnswers() {
  const script = make("script", { src: `data/photo-${$("given").value}-${epoch() ?? "end"}.js` });
  await new Promise((done, failed) => {
    script.onload = done;
    script.onerror = () => failed(new Error(`${script.src} is missing`));
    document.head.append(script);
  });
  script.remove();
}
function fromFolder(what, more) {
  const parts = Object.entries({ what, ...more }).sort(([a], [b]) => a < b ? -1 : 1);
  const found = folderAnswers[parts.map(([name, value]) => `${name}=${value}`).join("&")];
  if (!found) throw new Error("This number is not in the folder, which has those of the strongest " +
    "maps at the last epoch, as many as fit; python -m src.serve opens all.");
  return unpacked(found, folderArrays);
}
async function question(what, more = {}) {
  if (isFolder) return fromFolder(what, more);
  const chosen = $("chosen").value === "" ? null : [...$("chosen").selectedOptions].map(o => Number(o.value));
  const body = { what, epoch: epoch(), ...(x ? { x: pack(x), changes, chosen } : {}), ...more };
  const path = `/glass/ask?model=${encodeURIComponent($("model").value)}`;
  return unpacked(await ask(path, { method: "POST", body: JSON.stringify(body) }));
}
async function tried(work) {
  try {
    await work();
  } catch (error) {
    say(error.message, true);
  }
}

/* Model and photo */

async function start() {
  if (isFolder) return startFolder();
  const { models } = await ask("/models");
  $("model").replaceChildren(...models.map(one => make("option", { value: one.name, textContent: one.name })));
  $("model-choice").hidden = models.length < 2;
  await open();
}
async function open() { // a model
  [x, answer, backward, picked, network] = [null, null, null, null, null];
  epochs = [];
  network = isFolder ? SHOWN.network : await question("network");
  epochs = network.epochs.length ? [...network.epochs, null] : [];
  $("time").hidden = !epochs.length;
  $("epoch").max = Math.max(epochs.length - 1, 0);
  $("epoch").value = $("epoch").max;
  if (!isFolder) listChoices();
  $("over").hidden = $("detail").hidden = true;
  drawNodes();
  drawTime();
}
function listChoices() {
  $("chosen").multiple = network.task === "multi_label";
  $("chosen").replaceChildren(...(network.task === "multi_label" ? [] : [make("option", { value: "", textContent: "its own answer" })]),
    ...network.classes.map((name, k) => make("option", { value: k, textContent: name })));
}
async function startFolder() {
  $("model").replaceChildren(make("option", { textContent: SHOWN.model }));
  for (const id of ["play", "choice", "step-side", "draw-open", "invert-choice"]) $(id).remove();
  const given = make("select", { id: "given", onchange: () => tried(refresh) },
    ...SHOWN.photos.map((name, k) => make("option", { value: k, textContent: name })));
  document.querySelector("label[for=file]").replaceWith(make("label", {}, "Photo ", given));
  $("file").remove();
  await open();
  x = {};
  await refresh();
}
async function give(file) {
  say("...");
  given = base64(new Uint8Array(await file.arrayBuffer()));
  await prepare();
}
async function prepare() {
  x = null;
  x = (await question("prepare", { photo: given, invert: $("invert").checked })).x;
  await refresh();
}
async function refresh() { // everything, after a new photo, epoch or change
  if (!x) return;
  const mine = ++turn;
  say("...");
  if (isFolder) await loadAnswers();
  const found = await question("forward", { count: COUNT });
  if (mine !== turn) return;
  answer = found;
  backward = null;
  $("step-words").replaceChildren();
  $("over").hidden = false;
  drawPhoto($("photo"), answer.input);
  drawAnswer(answer);
  if (mode() === "gradients") await goBack(mine);
  if (mine !== turn) return;
  drawMaps();
  say("");
  if (picked) await pick(picked.path, picked.channel, picked.place, false);
}
async function goBack(mine) {
  const found = await question("backward", { count: COUNT });
  if (mine !== turn) return;
  backward = found;
  const names = backward.chosen.map(k => network.classes[k]).join(", ") || "nothing";
  $("loss").textContent = `loss ${shown(backward.loss)}, if right were: ${names}`;
}
let waiting = false, again = false;
async function follow() { // the answer alone, while something is being moved
  if (!x) return;
  if (waiting) { again = true; return; }
  waiting = true;
  await tried(async () => {
    const found = await question("probabilities");
    if (found.input) drawPhoto($("photo"), found.input);
    drawAnswer(found);
  });
  waiting = false;
  if (again) { again = false; await follow(); }
}
function drawAnswer(found) {
  $("answer").textContent = found.labels.join(", ") || "nothing of what it knows";
  const all = [...network.classes.keys()].sort((a, b) => found.probabilities.data[b] - found.probabilities.data[a]);
  const order = all.slice(0, BARS), rest = all.slice(BARS);
  $("bars").replaceChildren(...order.map(k => {
    const share = found.probabilities.data[k], name = network.classes[k];
    const fill = make("div", { className: "fill" });
    fill.style.width = `${100 * share}%`;
    return make("li", { className: found.labels.includes(name) ? "given" : "" },
      make("span", { className: "name", textContent: name }),
      make("div", { className: "track" }, fill),
      make("button", { type: "button", className: "number number-button", textContent: shown(share),
        title: "from the logit to this probability, and to the loss",
        onclick: () => tried(() => openLastStep(k)) }));
  }), ...(rest.length ? [make("li", { className: "hint", textContent: `${rest.length} more: ` +
    shown(rest.reduce((sum, k) => sum + found.probabilities.data[k], 0)) })] : []));
}

/* The diagram */

function drawNodes() {
  const rows = network.nodes.map(node => {
    const about = [node.operation, node.shape.join(" x "),
      node.parameters ? `${node.parameters.toLocaleString("en")} parameters` : "",
      node.multiply_adds ? `${node.multiply_adds.toLocaleString("en")} multiply-adds` : "",
      node.inputs.length > 1 ? `of ${node.inputs.join(" and ")}` : ""].filter(Boolean).join(" - ");
    return make("li", { data: { path: node.path } },
      make("div", { className: "name", textContent: node.path }),
      make("div", { className: "about", textContent: about }), make("div", { className: "maps" }));
  });
  $("nodes").replaceChildren(...rows);
  drawLines();
}
function drawLines() { // from each node to those that take it; long ones in lanes of their own
  const rows = [...$("nodes").querySelectorAll("li")], index = new Map();
  network.nodes.forEach((node, k) => index.set(node.path, k));
  const long = network.nodes.flatMap((node, to) => node.inputs.map(path => [index.get(path), to]))
    .filter(([from, to]) => to - from > 1).sort((a, b) => a[0] - b[0]);
  const ends = [];
  const lanes = long.map(([from, to]) => {
    let lane = ends.findIndex(end => end <= from);
    if (lane < 0) lane = ends.push(0) - 1;
    ends[lane] = to;
    return [from, to, lane + 1];
  });
  const indent = DOT + LANE * (ends.length + 1);
  const middle = k => rows[k].offsetTop + 18, svg = makeSvg("svg", { width: indent, height: 1 });
  network.nodes.forEach((node, to) => {
    if (node.inputs.some(path => index.get(path) === to - 1))
      svg.append(makeSvg("path", { class: "edge", d: `M${indent - DOT} ${middle(to - 1)}V${middle(to)}` }));
  });
  for (const [from, to, lane] of lanes) {
    const [right, left] = [indent - DOT, indent - DOT - LANE * lane];
    svg.append(makeSvg("path", { class: "edge", d: `M${right} ${middle(from)}C${left} ${middle(from)} ` +
      `${left} ${middle(from)} ${left} ${middle(from) + 24}V${middle(to) - 24}C${left} ${middle(to)} ` +
      `${left} ${middle(to)} ${right} ${middle(to)}` }));
  }
  rows.forEach((row, k) => {
    row.style.paddingLeft = `${indent}px`;
    svg.append(makeSvg("circle", { class: "dot", cx: indent - DOT, cy: middle(k), r: 4 }));
  });
  $("nodes").querySelector("svg")?.remove();
  $("nodes").prepend(svg);
}
function drawMaps() {
  const found = mode() === "gradients" ? backward.maps : answer.maps;
  for (const row of $("nodes").querySelectorAll("li"))
    row.querySelector(".maps").replaceChildren(...mapButtons(row.dataset.path, found[row.dataset.path]));
  drawLines();
}
function mapButtons(path, maps) {
  const made = [...maps.channels.data].map((channel, k) => {
    const button = make("button", { type: "button", ariaPressed: "false",
      data: { channel }, onclick: () => tried(() => pick(path, channel, null, true)) });
    if (maps.pictures) {
      const [, height, width] = maps.pictures.shape, canvas = make("canvas");
      drawBytes(canvas, maps.pictures.data, k * height * width, [height, width]);
      button.ariaLabel = `${path}, channel ${channel}, up to ${shown(maps.limits.data[k])}`;
      button.title = `channel ${channel}`;
      button.append(canvas);
    } else {
      button.className = "unit";
      const name = path === network.nodes.at(-1).path ? network.classes[channel] ?? channel : channel;
      button.textContent = `${name}: ${shown(maps.numbers.data[k])}`;
    }
    return button;
  });
  const rest = maps.total - made.length;
  if (rest > 0) made.push(make("button", { type: "button", className: "more",
    textContent: `${rest} more`, onclick: event => tried(async () => {
      const holder = event.currentTarget.parentElement, shownNow = holder.children.length - 1;
      const next = await question("maps", { path, first: shownNow, count: 64, of: mode() });
      event.target?.remove?.();
      holder.querySelector(".more")?.remove();
      const buttons = mapButtons(path, { ...next, total: next.total - shownNow });
      holder.append(...buttons);
      drawLines();
    }) }));
  return made;
}

/* One map, one number */

const nodeOf = path => network.nodes.find(node => node.path === path);

async function pick(path, channel, place, focus) {
  const node = nodeOf(path), isMap = node.shape.length === 3;
  const mine = picked = { path, channel, place };
  $("opened").replaceChildren(); // nothing of another number stays below this one's name
  for (const button of document.querySelectorAll("#nodes .maps button"))
    button.ariaPressed = String(button.dataset.channel === String(channel) &&
      button.closest("li").dataset.path === path);
  $("detail").hidden = false;
  $("detail-title").textContent = `${path}, ${isMap ? "channel" : "unit"} ${channel}`;
  $("detail-words").textContent = aboutOperation(node);
  const isDropped = Boolean(changes.dropped[path]?.includes(channel)), kind = isMap ? "channel" : "unit";
  if (!isFolder) $("detail-buttons").replaceChildren(make("button", { type: "button",
    textContent: isDropped ? `Take this ${kind} back` : `Drop this ${kind}`, onclick: () => tried(async () => {
      const others = (changes.dropped[path] ?? []).filter(one => one !== channel);
      changes.dropped[path] = isDropped ? others : [...others, channel];
      if (!changes.dropped[path].length) delete changes.dropped[path];
      changed();
      await refresh();
    }) }));
  $("weight").replaceChildren();
  $("map-frame").hidden = !isMap;
  if (isMap) {
    const { numbers } = await question("channel", { path, channel, of: mode() });
    if (mine !== picked) return; // somebody has gone on
    const [height, width] = numbers.shape;
    drawNumbers($("map"), numbers.data, height, width);
    $("map").style.aspectRatio = `${width} / ${height}`;
    const strongest = numbers.data.reduce((best, v, k, all) =>
      Math.abs(v) > Math.abs(all[best]) ? k : best, 0);
    picked.numbers = numbers;
    picked.place = place?.length === 3 ? place : [Math.floor(strongest / width), strongest % width, channel];
    $("map").ariaLabel = `${path}, channel ${channel}: ${height} rows, ${width} columns; arrow keys ` +
      "move, Enter opens the number";
  } else {
    picked.place = [channel];
  }
  if (focus) $("detail-title").focus({ preventScroll: window.innerWidth > 1000 });
  await openNumber();
}
function markPlace(path, place) { // in the map, and in the photo what it can depend on
  const node = nodeOf(path);
  if (node.shape.length === 3) markBox($("cursor"), $("map"), place[0], place[1], 1, 1);
  const field = node.field;
  if (!field) {
    $("field").hidden = true;
    $("field-words").textContent = "This number can depend on every pixel.";
    return;
  }
  const [start, jump, size] = field;
  const photo = $("photo"), first = network.nodes[0].shape;
  const [top, left] = [0, 1].map(a => start[a] + place[a] * jump[a]);
  markBox($("field"), photo, top * photo.height / first[0], left * photo.width / first[1], size[0], size[1]);
  $("field-words").textContent = `The frame: all that this number can depend on, ` +
    `${shown(size[0])} x ${shown(size[1])} pixels.`;
}
async function openNumber() {
  const { path, place } = picked, mine = picked;
  markPlace(path, place);
  const of = mode() === "gradients" ? "gradient" : "value";
  const node = nodeOf(path), last = path === network.nodes.at(-1).path;
  let opened;
  try {
    opened = await question(of, { path, place });
  } catch (error) {
    if (mine !== picked) return;
    $("weight").replaceChildren();
    $("place-words").textContent = `${of} at ${placeText(place)}`;
    $("opened").replaceChildren(make("p", { className: "problem", textContent: error.message }));
    return;
  }
  if (mine !== picked) return;
  $("place-words").textContent = `${of} at ${placeText(place)}${place.length === 3 ? " (from 0)" : ""}: ` +
    shown(opened.value);
  const onGo = (to, there) => tried(() => pick(to, there.at(-1), there, true));
  const onWeight = !isFolder && of === "value" && node.arrays.W && node.trained ? element =>
    tried(() => openWeight(path, "W", [...element, place.at(-1)])) : null;
  $("opened").replaceChildren(...describeOpened(opened, { onGo, onWeight }), sums(opened));
  if (of === "gradient") $("opened").append(make("p", { className: "hint", textContent: "If this number " +
    `grew by 0.01, the loss would change by about ${shown(0.01 * opened.value)}.` }));
  $("opened").append(make("div", { className: "row" }, ...takersOf(node, place, of), ...(last ?
    [make("button", { type: "button", textContent: "On to the probability and the loss",
      onclick: () => tried(() => openLastStep(Math.min(place[0], network.classes.length - 1))) })] : [])));
  if (of === "gradient" && node.trained && !isFolder && node.arrays.W?.length === 4) {
    const { numbers } = await question("kernel", { path, name: "W", channel: place[2] });
    if (mine !== picked) return;
    $("opened").append(make("p", { className: "hint", textContent: "The weights of this channel; a click " +
      "opens the gradient of one:" }), grids({ factors: [numbers], names: ["w"], largest: [] },
    { onWeight: element => tried(() => openWeight(path, "W", [...element, place[2]])) }));
  }
  const others = node.trained && !isFolder ? Object.keys(node.arrays)
    .filter(name => ["b", "gamma", "beta", "slope"].includes(name)) : [];
  $("opened").append(make("div", { className: "row" }, ...others.map(name => make("button",
    { type: "button", textContent: `Open ${name}[${place.at(-1)}]`,
      onclick: () => tried(() => openWeight(path, name, [place.at(-1)])) }))));
}
function takersOf(node, place, of) { // where the number goes on to, or its gradient comes from
  const word = of === "value" ? "goes on to" : "comes from", { maps } = of === "value" ? answer : backward;
  return network.nodes.filter(one => one.inputs.includes(node.path)).map(one => {
    const same = String(one.shape) === String(node.shape); // then it is the same place
    return make("button", { type: "button", textContent: `${word} ${one.path}`, onclick: () => tried(() =>
      pick(one.path, same ? place.at(-1) : maps[one.path].channels.data[0], same ? place : null, true)) });
  });
}
async function openLastStep(number) { // from the logits to a probability, and to the loss
  const found = await question("last_step", { number });
  picked = null;
  for (const button of document.querySelectorAll("#nodes .maps button")) button.ariaPressed = "false";
  $("detail").hidden = false;
  $("map-frame").hidden = true;
  $("detail-title").textContent = `The answer, ${found.class}`;
  $("detail-words").textContent = "What the network puts out, its logits, becomes probabilities.";
  $("detail-buttons").replaceChildren();
  $("weight").replaceChildren();
  $("place-words").textContent = `probability of ${found.class}: ${shown(found.probability.value)}`;
  const node = network.nodes.at(-1), unit = Math.min(number, node.shape[0] - 1);
  $("opened").replaceChildren(...describeOpened(found.probability, {}), sums(found.probability),
    make("div", { className: "row" }, make("button", { type: "button", textContent: `from ${node.path}, unit ${unit}`,
      onclick: () => tried(() => pick(node.path, unit, [unit], true)) })),
    make("h3", { textContent: `The loss, if right were: ${found.right.join(", ") || "nothing"}` }),
    ...describeOpened(found.loss, {}), sums(found.loss));
  $("detail-title").focus({ preventScroll: window.innerWidth > 1000 });
}
async function openWeight(path, name, place) {
  if (!nodeOf(path).trained) return say(`${path} is frozen: it has no gradient`, true);
  const settings = { optimizer: $("optimizer").value, rate: Number($("rate").value) };
  const found = await question("weight", { path, name, place, ...settings });
  const input = make("input", { type: "number", step: "any", value: found.weight, ariaLabel: "new value" });
  const title = `${path}.${name}[${place.join(", ")}] = ${shown(found.weight)}`;
  $("weight").replaceChildren(make("h3", { textContent: title, tabIndex: -1 }),
    make("p", { className: "hint", textContent: "The gradient of the loss with respect to it, if right " +
      `were ${found.right.join(", ") || "nothing"}:` }),
    ...describeOpened(found, {}), sums(found),
    make("p", { className: "hint", textContent: `The first step of ${$("optimizer").selectedOptions[0].text}:` }),
    table(["", ""], found.step.map(([word, value]) => [word, shown(value)])),
    make("div", { className: "row" }, make("label", {}, "Set it to ", input),
      make("button", { type: "button", textContent: "Set", onclick: () => tried(async () => {
        changes.weights = changes.weights.filter(c => JSON.stringify(c.slice(0, 3)) !==
          JSON.stringify([path, name, place]));
        changes.weights.push([path, name, place, Number(input.value)]);
        changed();
        await refresh();
      }) })));
  $("weight").firstChild.focus({ preventScroll: true });
  $("weight").scrollIntoView({ block: "nearest" });
}

/* Time */

function drawTime() {
  const current = epoch();
  $("epoch-words").textContent = current === null ? "The model that was kept" : `After epoch ${current}`;
  const { curves, findings } = network, shownCurves = ["cost", "validation_cost"].filter(n => curves[n]);
  const all = shownCurves.flatMap(name => curves[name]);
  if (!all.length) return $("curves").replaceChildren();
  const last = Math.max(...all.map(([e]) => e)), most = Math.max(...all.map(([, v]) => v));
  const least = Math.min(...all.map(([, v]) => v));
  // as the slider above: the kept model has a place of its own, behind the last epoch
  const px = e => 600 * (e - 1) / Math.max(last, 1), py = v => 84 - 78 * (v - least) / (most - least || 1);
  $("curves").replaceChildren(...shownCurves.map(name => makeSvg("polyline", { class: `curve ${name}`,
    points: curves[name].map(([e, v]) => `${px(e)},${py(v)}`).join(" ") })),
  makeSvg("line", { class: "now", x1: px(current ?? last + 1), x2: px(current ?? last + 1), y1: 0, y2: 90 }),
  ...findings.filter(f => f.epoch !== null).map(f => {
    const mark = makeSvg("circle", { class: "found", cx: px(f.epoch), cy: 84, r: 5 });
    mark.append(Object.assign(makeSvg("title", {}), { textContent: f.text }));
    return mark;
  }));
  $("findings").replaceChildren(...findings.map(f => make("li", { textContent: f.text })));
}

/* What people do */

$("model").onchange = () => tried(open);
if (!isFolder) {
  $("file").onchange = () => tried(async () => {
    if ($("file").files[0]) await give($("file").files[0]);
  });
  document.addEventListener("dragover", event => event.preventDefault());
  document.addEventListener("drop", event => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) tried(() => give(event.dataTransfer.files[0]));
  });
  $("invert").onchange = () => given && tried(prepare);
  connectPlay(follow, () => tried(refresh));
  connectDrawing(blob => tried(() => give(blob)));
}
for (const radio of document.querySelectorAll("input[name=mode]"))
  radio.onchange = () => tried(async () => {
    if (!isFolder) $("choice").hidden = $("step-side").hidden = mode() !== "gradients";
    $("loss").textContent = $("step-words").textContent = "";
    await refresh();
  });
$("chosen").onchange = () => tried(refresh);
$("epoch").oninput = drawTime;
$("epoch").onchange = () => tried(refresh);
$("take-step").onclick = () => tried(async () => {
  const found = await question("step", { optimizer: $("optimizer").value, rate: Number($("rate").value) });
  const likely = found.after.labels.join(", ") || "nothing";
  $("step-words").replaceChildren(`loss ${shown(found.loss[0])} before, ${shown(found.loss[1])} after; ` +
    `then it says: ${likely}. The bars are those after the step, the maps below those before it. `,
  make("button", { type: "button", textContent: "Back to before the step", onclick: () => {
    $("step-words").replaceChildren();
    drawAnswer(answer);
  } }));
  drawAnswer(found.after);
});
const placeOf = event => {
  const box = $("map").getBoundingClientRect();
  const row = Math.floor((event.clientY - box.top) / box.height * $("map").height);
  const column = Math.floor((event.clientX - box.left) / box.width * $("map").width);
  const cut = (value, size) => Math.min(Math.max(value, 0), size - 1);
  return [cut(row, $("map").height), cut(column, $("map").width), picked.channel];
};
$("map").onpointermove = event => picked?.numbers && markPlace(picked.path, placeOf(event));
$("map").onpointerleave = () => picked?.numbers && markPlace(picked.path, picked.place);
$("map").onclick = event => tried(async () => {
  picked = { ...picked, place: placeOf(event) };
  await openNumber();
});
$("map").onkeydown = event => tried(async () => {
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  if (event.key === "Enter") return openNumber();
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  const cut = (value, size) => Math.min(Math.max(value, 0), size - 1);
  const [row, column, channel] = picked.place;
  picked = { ...picked, place: [cut(row + move[0], $("map").height), cut(column + move[1], $("map").width), channel] };
  markPlace(picked.path, picked.place);
  const width = picked.numbers.shape[1];
  $("place-words").textContent = `row ${picked.place[0]}, column ${picked.place[1]}: ` +
    shown(picked.numbers.data[picked.place[0] * width + picked.place[1]]);
});
window.onresize = () => network && drawLines();
tried(start);
