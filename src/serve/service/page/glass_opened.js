"use strict";
/* What is behind one number, as the server has opened it: steps, or terms and their sum. */

function describeOpened(opened, onWeight) {
  const parts = [make("p", { className: "formula", textContent: opened.formula })];
  if (opened.steps.length) parts.push(table(["", ""], opened.steps.map(([name, value]) =>
    [name, shown(value)])));
  if (opened.factors.length) parts.push(...terms(opened, onWeight));
  for (const [name, value] of opened.addends)
    parts.push(make("p", { textContent: `+ ${name} = ${shown(value)}` }));
  for (const other of opened.others)
    parts.push(make("p", { className: "hint", textContent: "and through the other way:" }),
      ...describeOpened(other, null));
  return parts;
}
function sums(opened) {
  return make("p", { className: "total", data: { total: opened.total, value: opened.value } },
    `adds up to ${shown(opened.total)}; the library has ${shown(opened.value)}`);
}
function table(headings, rows) {
  const body = make("tbody", {}, ...rows.map(row => make("tr", {},
    ...row.map((text, k) => make(k ? "td" : "th", { textContent: text, className: k ? "number" : "",
      scope: k ? "" : "row" })))));
  const head = headings.some(Boolean) ? [make("thead", {}, make("tr", {},
    ...headings.map(text => make("th", { textContent: text, scope: "col" }))))] : [];
  return make("div", { className: "scroll" }, make("table", {}, ...head, body));
}
function strides(shape) {
  return shape.map((_, k) => shape.slice(k + 1).reduce((a, b) => a * b, 1));
}
const at = (array, place) =>
  array.data[place.reduce((sum, p, k) => sum + p * strides(array.shape)[k], 0)];

function terms(opened, onWeight) {
  const { factors, products, largest, names } = opened, shape = factors[0].shape;
  const count = factors[0].data.length, parts = [];
  const isWindow = shape.length === 3 && shape[0] * shape[1] > 1 && shape[0] <= 7 && shape[1] <= 7;
  if (isWindow) parts.push(grids(opened, onWeight));
  if (opened.winner) return parts;
  if (!isWindow || shape[2] > 1) {
    const rows = largest.map(place => [place.join(", "),
      ...factors.map(factor => shown(at(factor, place))), shown(at(products, place))]);
    if (count > largest.length)
      rows.push([`${count - largest.length} others`, ...factors.map(() => ""), shown(opened.rest)]);
    parts.push(make("p", { className: "hint",
      textContent: `${count.toLocaleString("en")} terms, the largest first:` }),
    table(["place", ...names, names.join("·")], rows));
  }
  return parts;
}
function grids(opened, onWeight) { // the window of one channel: x, w, x·w
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
        const opens = name === "w" && onWeight;
        const inside = make(opens ? "button" : "span",
          { textContent: Number.isFinite(value) ? shown(value) : "outside" });
        if (opens) {
          inside.type = "button";
          inside.title = "open this weight";
          inside.onclick = () => onWeight([i, j, channel]);
        }
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
    holder.append(make("label", {}, `The window, of input channel `, choice));
  }
  show(start);
  return holder;
}
