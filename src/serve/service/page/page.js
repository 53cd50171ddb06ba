"use strict";
/* Photos in, answers out. Nothing is computed here: every number comes from the server. */

const AT_ONCE = 4; // requests
const BARS = 8; // of more classes the rest is shown on request
const TITLES = {
  gradient: "Gradient", gradient_times_input: "Gradient x input", smooth_grad: "SmoothGrad",
  integrated_gradients: "Integrated gradients", expected_gradients: "Expected gradients",
  grad_cam: "Grad-CAM (fast)", occlusion: "Occlusion", shap: "Shapley values (slow)",
};

let models = [], photos = [], shown = null, allBars = false;

function say(text, problem = false) {
  $("status").textContent = text;
  $("status").classList.toggle("problem", problem);
}
function model() {
  return models.find(one => one.name === $("model").value) ?? models[0];
}
function form(photo) {
  const content = new FormData();
  content.append("files", photo.file, photo.name);
  return content;
}

/* Photos and their answers */

async function add(files) {
  const images = [...files].filter(file => file.type.startsWith("image/") || !file.type);
  if (!images.length) return say(files.length ? "that is no photo" : "", true);
  const added = images.map(file => ({
    file, name: file.name || "pasted photo", address: URL.createObjectURL(file), state: "waiting",
    heats: new Map(),
  }));
  if (!models.length && !await loadModels()) return;
  photos.push(...added);
  shown = added[0];
  draw();
  show(shown);
  await classify(added);
}
async function classify(some) {
  const asked = model().name;
  const current = photo => photos.includes(photo) && model().name === asked;
  const rest = [...some], total = some.length;
  let done = 0;
  const work = async () => {
    for (let photo; (photo = rest.shift()); ) {
      if (!current(photo)) continue;
      try {
        const found = await ask(`/predict?model=${encodeURIComponent(asked)}`,
          { method: "POST", body: form(photo) });
        if (!current(photo)) continue;
        Object.assign(photo, found.predictions[0], { state: "answered", problem: "" });
      } catch (error) {
        if (!current(photo)) continue;
        Object.assign(photo, { state: "failed", problem: error.message });
      }
      done += 1;
      say(done < total ? `${done} of ${total} photos` :
        total > 1 ? `${total} photos answered` : `${photo.name}: ${inWords(photo)}`);
      if (photo === shown) show(photo);
      drawRow(photo);
    }
  };
  say(`0 of ${total} photos`);
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, total) }, work));
}
function clearPhotos() {
  photos.forEach(photo => URL.revokeObjectURL(photo.address));
  [photos, shown] = [[], null];
  say("");
  draw();
}
function isRetake(photo) {
  return photo.labels[0] === "retake" && !model().classes.includes("retake");
}
function certainty(photo) {
  const values = photo.probabilities, labels = photo.labels;
  if (isRetake(photo)) return null;
  if (model().task === "multi_label")
    return labels.length ? Math.min(...labels.map(name => values[name])) : null;
  return values[labels[0]];
}
function inWords(photo) {
  if (photo.state === "waiting") return "...";
  if (photo.problem) return photo.problem;
  if (isRetake(photo)) return "Please retake the photo";
  return photo.labels.join(", ") || "nothing of what it knows";
}
function honest(photo) {
  const one = model(), values = Object.values(photo.probabilities);
  if (isRetake(photo) && one.task === "multi_label") {
    const least = Math.min(...values.map(p => p >= one.threshold ? p : 1 - p));
    return "The model is not sure enough: of its least certain label it is " +
      `${percent(least)} sure, and it answers from ${percent(one.reject_below)} on.`;
  }
  if (isRetake(photo))
    return `The model is not sure enough (its best guess has ${percent(Math.max(...values))}): ` +
      `it answers from ${percent(one.reject_below)} on.`;
  const rule = one.task === "multi_class" ? `The most probable of ${one.classes.length} classes.` :
    one.task === "binary" ? `"${one.classes[1]}" is said from ${percent(one.threshold)} on.` :
      `Labels are given from ${percent(one.threshold)} on (the line).`;
  return rule + (one.reject_below || one.task === "multi_label" ? "" :
    " It always answers, also to photos of something else.");
}

/* Drawing */

function draw() {
  $("several").hidden = photos.length < 2;
  $("several-title").textContent = `${photos.length} photos`;
  $("rows").replaceChildren(...photos.map(makeRow));
  $("one").hidden = !shown;
}
function makeRow(photo) {
  const row = element("tr"), button = element("button", null, { type: "button" });
  const thumbnail = element("img", null, { alt: "", src: photo.address });
  button.append(thumbnail, element("span", photo.name));
  button.addEventListener("click", () => show(photo, true));
  const name = element("td");
  name.append(button);
  row.append(name, element("td"), element("td", null, { class: "number" }));
  photo.row = row;
  drawRow(photo);
  return row;
}
function drawRow(photo) {
  const [, answer, sure] = photo.row.children;
  answer.textContent = inWords(photo);
  answer.classList.toggle("problem", Boolean(photo.problem));
  const value = photo.state === "answered" ? certainty(photo) : null;
  sure.textContent = value === null ? "" : percent(value);
  photo.row.setAttribute("aria-current", photo === shown);
}
function show(photo, focus = false) {
  shown = photo;
  photos.forEach(drawRow);
  $("one").hidden = false;
  $("photo").src = photo.address;
  $("photo").alt = photo.name;
  $("caption").textContent = photo.name;
  $("heat").hidden = $("heat-side").hidden = true;
  $("answer").textContent = inWords(photo);
  $("answer").classList.toggle("problem", Boolean(photo.problem));
  const answered = photo.state === "answered";
  $("words").textContent = answered ? honest(photo) : "";
  $("bars").replaceChildren();
  $("more").hidden = true;
  $("why").hidden = !answered || !model().methods.length;
  if (answered) {
    drawBars(photo);
    $("class").replaceChildren(new Option("what it answers", ""),
      ...model().classes.map(name => new Option(name, name)));
  }
  if (focus) $("answer").focus();
}
function drawBars(photo) {
  const sorted = Object.entries(photo.probabilities).sort((a, b) => b[1] - a[1]);
  const some = allBars ? sorted : sorted.slice(0, BARS);
  $("bars").replaceChildren(...some.map(([name, value]) => {
    const line = element("li"), track = element("div", null,
      { class: "track", "aria-hidden": "true" }), fill = element("div", null, { class: "fill" });
    line.classList.toggle("given", photo.labels.includes(name));
    fill.style.width = percent(value, 2);
    track.append(fill);
    if (model().task === "multi_label") {
      const mark = element("span", null, { class: "mark" });
      mark.style.left = percent(model().threshold, 2);
      track.append(mark);
    }
    line.append(element("span", name, { class: "name" }), track,
      element("span", percent(value), { class: "number" }));
    return line;
  }));
  $("more").hidden = sorted.length <= BARS;
  $("more").textContent = allBars ? "Show fewer" : `Show all ${sorted.length}`;
}

/* Explanations */

async function explain(event) {
  event.preventDefault();
  if ($("explain").getAttribute("aria-disabled") === "true") return;
  const photo = shown, method = $("method").value, asked = model().name, heats = photo.heats;
  const query = new URLSearchParams({ model: asked, method });
  if ($("class").value) query.set("class", $("class").value);
  const key = query.toString();
  $("explain").setAttribute("aria-disabled", "true"); // disabled would take the focus away
  say("computing the heat map");
  try {
    if (!heats.has(key))
      heats.set(key, await ask(`/explain?${key}`, { method: "POST", body: form(photo) }));
    if (photo !== shown || model().name !== asked) return say("");
    showHeat(heats.get(key), method);
    say(`heat map of ${heats.get(key).explained} is shown`);
  } catch (error) {
    say(`no heat map: ${error.message}`, true);
  } finally {
    $("explain").removeAttribute("aria-disabled");
  }
}
function showHeat(found, method) {
  $("photo").src = `data:image/png;base64,${found.photo}`;
  $("heat").src = `data:image/png;base64,${found.heat}`;
  $("heat").alt = `heat map of ${found.explained}`;
  $("heat").hidden = $("heat-side").hidden = false;
  setStrength();
  $("figures").textContent = `What speaks for "${found.explained}" is red, what speaks against ` +
    `it blue (${TITLES[method]}). Its logit is ${found.logit.toFixed(2)}; of a picture that ` +
    `shows nothing ${found.baseline_logit.toFixed(2)}. The photo is shown as the network sees it.` +
    accuracy(found.figures);
}
function accuracy(figures) {
  if (figures.relative_error === undefined) return "";
  return ` ${figures.steps} steps: the values add up to the difference of the logits but for ` +
    `${percent(figures.relative_error)}.`;
}
function setStrength() {
  $("heat").style.opacity = $("strength").value / 100;
}

/* Table as a file */

function csvCell(value) {
  let text = String(value ?? "");
  if (/^[=+\-@\t\r]/.test(text) && !/^-?[\d.]+(e-?\d+)?$/i.test(text)) text = `'${text}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
function csv() {
  const classes = model().classes;
  const lines = [["image", "labels", ...classes.map(name => `p ${name}`), "problem"]];
  for (const photo of photos)
    lines.push([photo.name, (photo.labels ?? []).join("; "),
      ...classes.map(name => photo.probabilities?.[name]), photo.problem]);
  return lines.map(cells => cells.map(csvCell).join(",")).join("\r\n") + "\r\n";
}
function downloadCsv() {
  const link = element("a", null, { download: "predictions.csv",
    href: URL.createObjectURL(new Blob(["\ufeff", csv()], { type: "text/csv" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/* Start */

function chooseModel() {
  const one = model();
  document.title = `${one.name}: what does this photo show?`;
  $("method").replaceChildren(...one.methods.map(name => new Option(TITLES[name] ?? name, name)));
  $("method").value = one.methods.includes("grad_cam") ? "grad_cam" : one.methods[0];
  showCard(one, $("card-content"));
  for (const photo of photos)
    Object.assign(photo, { state: "waiting", heats: new Map(), labels: undefined,
      probabilities: undefined, problem: "" });
  if (!photos.length) return;
  shown ??= photos[0];
  draw();
  show(shown);
  classify(photos);
}
$("files").addEventListener("change", event => {
  add(event.target.files);
  event.target.value = "";
});
$("camera-open").addEventListener("click", () =>
  openCamera(file => add([file]), text => say(text, true)));
$("model").addEventListener("change", chooseModel);
$("csv").addEventListener("click", downloadCsv);
$("clear").addEventListener("click", clearPhotos);
$("more").addEventListener("click", () => { allBars = !allBars; drawBars(shown); });
$("why").addEventListener("submit", explain);
$("strength").addEventListener("input", setStrength);
document.addEventListener("paste", event => {
  const files = event.clipboardData?.files ?? [];
  if (files.length) add(files);
});
document.addEventListener("dragover", event => {
  event.preventDefault();
  document.body.classList.add("over");
});
document.addEventListener("dragleave", event => {
  if (!event.relatedTarget) document.body.classList.remove("over");
});
document.addEventListener("drop", event => {
  event.preventDefault();
  document.body.classList.remove("over");
  add(event.dataTransfer.files);
});
async function loadModels() {
  try {
    models = (await ask("/models")).models;
  } catch (error) {
    say(error.message, true);
    return false;
  }
  $("model").replaceChildren(...models.map(one => new Option(one.name, one.name)));
  $("model-choice").hidden = models.length < 2;
  chooseModel();
  return true;
}
loadModels();
