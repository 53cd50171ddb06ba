"use strict";
/* What is behind one number, as the server has opened it: steps, or terms and their sum. */

const WORDS = { // one sentence for each operation
  Input: "The photo as the network gets it: scaled to its size, and to numbers around 0.",
  Conv2D: "The same small pattern of weights, the kernel, is laid over each place of its input: each " +
    "weight times the number below it, all added up.",
  Dense: "Each of its numbers is a sum of all numbers before it, each times a weight of its own.",
  BatchNorm: "Each channel minus a mean, divided by a deviation, both learned from many photos; then " +
    "times gamma, plus beta.",
  ReLU: "Numbers below 0 become 0; others stay.",
  MaxPool2D: "Of each small window the largest number goes on.",
  AveragePool2D: "Of each small window the mean goes on.",
  GlobalAveragePool: "Of each map the mean over all its pixels.",
  Flatten: "The maps are written in one row, pixel after pixel; no number changes.",
  Dropout: "Does something only while training; here every number goes on as it is.",
  SpatialDropout: "Does something only while training; here every number goes on as it is.",
  StochasticDepth: "Does something only while training; here every number goes on as it is.",
  Add: "The numbers at the same place of its inputs are added: a residual sum.",
  Concatenate: "The channels of its inputs stand behind each other; no number changes.",
  Mean: "Of each map the mean over all its pixels.",
  Multiply: "Each map times a factor of its own.",
};
const LEFT_OUT = ["initialization", "bias", "name"]; // settings that say nothing of what is computed
function aboutOperation(node) {
  const settings = Object.entries(node.settings)
    .filter(([name, value]) => value !== null && !LEFT_OUT.includes(name) && value !== 1 && value !== "valid")
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`).join(", ");
  return [WORDS[node.operation] ?? `${node.operation}.`, settings && `(${settings})`].filter(Boolean).join(" ");
}
const placeText = place => place.length === 3 ?
  `row ${place[0]}, column ${place[1]}, channel ${place[2]}` : `unit ${place[0]}`;

/* acts: onWeight(element) opens a weight, onGo(path, place) another number; either may be null */
function describeOpened(opened, acts) {
  const parts = [make("p", { className: "formula", textContent: opened.formula })];
  if (opened.steps.length) parts.push(table(["", ""], opened.steps.map(([name, value]) =>
    [name, shown(value)])));
  const { source } = opened;
  if (source && acts.onGo && source.shape.every(size => size === 1))
    parts.push(make("div", { className: "row" }, make("button", { type: "button",
      textContent: `from ${source.path}, ${placeText(source.start)}`,
      onclick: () => acts.onGo(source.path, source.start) })));
  if (opened.factors.length) parts.push(...terms(opened, acts));
  for (const [name, value] of opened.addends)
    parts.push(make("p", { textContent: `+ ${name} = ${shown(value)}` }));
  for (const other of opened.others)
    parts.push(make("p", { className: "hint", textContent: "and through the other way:" }),
      ...describeOpened(other, { ...acts, onWeight: null }));
  return parts;
}
function sums(opened) {
  const verb = opened.winner || (opened.steps.length && !opened.others.length) ? "comes to" : "adds up to";
  const text = opened.dropped ? `${verb} ${shown(opened.total)}; the channel is dropped, so 0 goes on` :
    `${verb} ${shown(opened.total)}; the library has ${shown(opened.value)}`;
  return make("p", { className: "total", data: { total: opened.total, value: opened.value } }, text);
}
function table(headings, rows) {
  const body = make("tbody", {}, ...rows.map(row => make("tr", {},
    ...row.map((content, k) => make(k ? "td" : "th", { className: k ? "number" : "",
      scope: k ? "" : "row" }, content)))));
  const head = headings.some(Boolean) ? [make("thead", {}, make("tr", {},
    ...headings.map(text => make("th", { textContent: text, scope: "col" }))))] : [];
  return make("div", { className: "scroll" }, make("table", {}, ...head, body));
}
function strides(shape) {
  return shape.map((_, k) => shape.slice(k + 1).reduce((a, b) => a * b, 1));
}
const at = (array, place) =>
  array.data[place.reduce((sum, p, k) => sum + p * strides(array.shape)[k], 0)];

const sourcePlace = (source, place) => source.start.map((start, k) => start + place[k] * source.step[k]);
function opener(opened, acts, name, place, text) { // a number, or a button that opens it
  let open = null, title = "";
  if (name === "w" && acts.onWeight) {
    [open, title] = [() => acts.onWeight(place), "open this weight"];
  } else if (name === opened.names[0] && opened.source && acts.onGo) {
    const { path } = opened.source, there = sourcePlace(opened.source, place), { shape } = nodeOf(path);
    if (there.every((p, k) => p >= 0 && p < shape[k])) // and not in the padding
      [open, title] = [() => acts.onGo(path, there), `go to ${path}, ${placeText(there)}`];
  }
  if (!open) return make("span", { textContent: text });
  return make("button", { type: "button", className: "number-button", textContent: text, title, onclick: open });
}
function terms(opened, acts) {
  const { factors, products, largest, names } = opened, shape = factors[0].shape;
  const count = factors[0].data.length, parts = [];
  const isWindow = shape.length === 3 && shape[0] * shape[1] > 1 && shape[0] <= 7 && shape[1] <= 7;
  if (isWindow) parts.push(grids(opened, acts));
  if (opened.winner) return parts;
  if (!isWindow || shape[2] > 1) {
    const rows = largest.map(place => [place.join(", "),
      ...factors.map((factor, k) => opener(opened, acts, names[k], place, shown(at(factor, place)))),
      shown(at(products, place))]);
    const most = largest.length ? Math.abs(at(products, largest[0])) : 0;
    if (count > largest.length)
      rows.push([`${(count - largest.length).toLocaleString("en")} others`, ...factors.map(() => ""),
        shown(Math.abs(opened.rest) < 1e-9 * most ? 0 : opened.rest)]); // less is rounding
    const where = { 1: "number", 2: "row, column", 3: "row, column, channel" }[shape.length] ?? "number";
    parts.push(make("p", { className: "hint", textContent: count === 1 ? "One term:" :
      `${count.toLocaleString("en")} terms, the largest first:` }),
    table([`place (${where}; from 0)`, ...names, names.join("·")], rows));
  }
  return parts;
}
function grids(opened, acts) { // the window of one channel: x, w, x·w
  const { factors, products, names, largest } = opened, [rows, columns, channels] = factors[0].shape;
  const holder = make("div"), start = largest.length ? largest[0][2] : 0;
  const show = channel => {
    const all = [...factors.map((factor, k) => [names[k], factor])];
    if (factors.length > 1) all.push([names.join("·"), products]);
    holder.querySelector(".grids")?.remove();
    holder.append(make("div", { className: "grids" }, ...all.map(([name, array]) => {
      let limit = 0;
      for (const value of array.data) if (Number.isFinite(value)) limit = Math.max(limit, Math.abs(value));
      const cell = (i, j) => {
        const value = at(array, [i, j, channel]), made = make("td");
        const inside = opener(opened, acts, name, [i, j, channel],
          Number.isFinite(value) ? shown(value) : "outside");
        const [r, g, b] = colour(limit && Number.isFinite(value) ? 0.6 * value / limit : 0);
        inside.style.background = `rgb(${r} ${g} ${b})`;
        inside.style.color = "#000";
        const won = opened.winner && opened.winner[0] === i && opened.winner[1] === j;
        if (won) made.className = "winner";
        made.append(inside);
        return made;
      };
      return make("table", {}, make("caption", { textContent: name }), make("tbody", {},
        ...Array.from({ length: rows }, (_, i) => make("tr", {},
          ...Array.from({ length: columns }, (_, j) => cell(i, j))))));
    })));
  };
  if (channels > 1) {
    const choice = make("select", { onchange: () => show(Number(choice.value)) },
      ...Array.from({ length: channels }, (_, k) => make("option", { value: k, textContent: k })));
    choice.value = start;
    holder.append(make("label", {}, `The window, of channel `, choice));
  }
  show(start);
  return holder;
}
