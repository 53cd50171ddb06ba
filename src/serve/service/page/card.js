"use strict";
/* The model's card: what it was trained on and how well it did, from GET /models. */

const MATRIX_CLASSES = 20; // of more classes the most frequent mistakes are listed instead

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
function percent(value, digits = 1) {
  return `${(100 * value).toFixed(digits)}%`;
}
function count(value) {
  return Number(value).toLocaleString("en");
}
function table(head, rows, label) {
  const made = element("table", null, { "aria-label": label });
  const first = element("tr");
  for (const [k, text] of head.entries())
    first.append(element("th", text, { scope: "col", ...(k ? { class: "number" } : {}) }));
  made.append(element("thead"));
  made.firstChild.append(first);
  const body = element("tbody");
  for (const cells of rows) {
    const row = element("tr");
    for (const [k, text] of cells.entries())
      row.append(element(k ? "td" : "th", text, k ? { class: "number" } : { scope: "row" }));
    body.append(row);
  }
  made.append(body);
  return scrolled(made, label);
}
function scrolled(content, label) {
  const made = element("div", null,
    { class: "scroll", tabindex: "0", role: "region", "aria-label": label });
  made.append(content);
  return made;
}
function list(pairs) {
  const made = element("dl");
  for (const [name, text] of pairs) if (text) made.append(element("dt", name), element("dd", text));
  return made;
}
function samples(counts) {
  const known = ["train", "validation", "test"];
  const order = Object.keys(counts).sort((a, b) => known.indexOf(a) - known.indexOf(b));
  return order.map(split => `${split} ${count(counts[split])}`).join(", ");
}
function confusionMatrix(matrix, classes) {
  const made = element("table", null, { class: "matrix" });
  const head = element("tr");
  head.append(element("th", "is, was taken for", { scope: "col" }));
  for (const name of classes) head.append(element("th", name, { scope: "col", class: "number" }));
  const body = element("tbody");
  for (const [k, row] of matrix.entries()) {
    const line = element("tr");
    const total = Math.max(row.reduce((a, b) => a + b, 0), 1);
    line.append(element("th", classes[k], { scope: "row" }));
    for (const value of row) {
      const cell = element("td", count(value)), shade = element("span", null, { class: "shade" });
      shade.style.opacity = 0.35 * value / total;
      cell.append(shade);
      line.append(cell);
    }
    body.append(line);
  }
  made.append(element("thead"), body);
  made.firstChild.append(head);
  return scrolled(made, "Confusion matrix");
}
function mostConfused(matrix, classes) {
  const found = [];
  for (const [k, row] of matrix.entries())
    for (const [j, n] of row.entries()) if (k !== j && n) found.push([n, classes[k], classes[j]]);
  found.sort((a, b) => b[0] - a[0]);
  const rows = found.slice(0, 10).map(([n, is, taken]) => [is, taken, count(n)]);
  return table(["is", "was taken for", "photos"], rows, "Most frequent mistakes");
}
function showCard(model, place) {
  const data = model.trained_on, test = model.evaluation, parts = [];
  parts.push(list([
    ["name", model.name],
    ["answers", model.task.replace("_", "-") + `, ${model.classes.length} classes`],
    ["trained on", data.description],
    ["photos", samples(data.samples)],
    ["began with", Object.values(data.weights).join("; ")],
    ["size", `${count(model.parameters)} parameters, ${count(model.multiply_adds)} ` +
      `multiply-adds a photo of ${model.input_shape.slice(0, 2).join(" x ")} pixels`],
  ]));
  if (test && test.right) {
    parts.push(element("h3", "How often it is right"));
    const right = model.task === "multi_label" ? "All labels right for" : "Right for";
    parts.push(element("p", `${right} ${percent(test.right.share)} of ${count(test.samples)} ` +
      `test photos (95% interval ${percent(test.right.low_95)} to ` +
      `${percent(test.right.high_95)}).`,
      { id: "right" }));
  } else {
    const known = Object.entries(model.metrics).filter(([, v]) => v !== null)
      .map(([k, v]) => `${k} ${v.toFixed(4)}`).join(", ");
    parts.push(element("p", known ? `On test data: ${known}.` :
      "Nobody has written beside this model how well it does.", { id: "right" }));
  }
  if (test && test.classes) {
    const names = ["precision", "recall", "f1"];
    const rows = Object.entries(test.classes).map(([name, row]) =>
      [name, ...names.map(key => row[key] === null || row[key] === undefined ? "" :
        row[key].toFixed(3)), count(row.samples)]);
    parts.push(table(["class", ...names, "photos"], rows, "Figures of each class"));
  }
  if (test && test.confusion_matrix) {
    const small = model.classes.length <= MATRIX_CLASSES;
    parts.push(element("h3", small ? "What each class was taken for" : "Most frequent mistakes"));
    parts.push((small ? confusionMatrix : mostConfused)(test.confusion_matrix, model.classes));
  }
  place.replaceChildren(...parts);
}
