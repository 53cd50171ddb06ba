"use strict";
/* Arrays as they come from the server, and how they are drawn: blue below 0, red above. */

const TYPES = { f4: Float32Array, u1: Uint8Array, i4: Int32Array };

function unpacked(value, arrays = []) { // arrays anywhere in an answer; in a folder by their number
  if (Array.isArray(value)) return value.map(one => unpacked(one, arrays));
  if (value === null || typeof value !== "object") return value;
  if (value.type in TYPES && value.shape) {
    const text = typeof value.data === "number" ? arrays[value.data] : value.data;
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    return { shape: value.shape, data: new TYPES[value.type](bytes.buffer) };
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unpacked(inner, arrays)]));
}
function shown(number) { // to four digits
  if (number === null || number === undefined || Number.isNaN(number)) return "-";
  const size = Math.abs(number);
  if (size !== 0 && (size < 0.001 || size >= 100000)) return number.toExponential(2);
  return String(Number(number.toPrecision(4)));
}
const BLUE = [33, 102, 172], RED = [178, 24, 43], WHITE = [247, 247, 247];
function colour(share) { // from -1 to 1
  const end = share < 0 ? BLUE : RED, weight = Math.min(Math.abs(share), 1);
  return WHITE.map((white, k) => white + weight * (end[k] - white));
}
function drawShares(canvas, height, width, share) {
  [canvas.width, canvas.height] = [width, height];
  const brush = canvas.getContext("2d"), pixels = brush.createImageData(width, height);
  for (let k = 0; k < height * width; k++) {
    const [r, g, b] = colour(share(k));
    pixels.data.set([r, g, b, 255], 4 * k);
  }
  brush.putImageData(pixels, 0, 0);
}
function drawBytes(canvas, picture, first, [height, width]) { // 0 to 255 for -limit to limit
  drawShares(canvas, height, width, k => picture[first + k] / 127.5 - 1);
}
function drawNumbers(canvas, numbers, height, width) {
  let limit = 0;
  for (const number of numbers) limit = Math.max(limit, Math.abs(number));
  drawShares(canvas, height, width, k => limit ? numbers[k] / limit : 0);
}
function drawPhoto(canvas, { shape: [height, width, channels], data }) {
  [canvas.width, canvas.height] = [width, height];
  const brush = canvas.getContext("2d"), pixels = brush.createImageData(width, height);
  for (let k = 0; k < height * width; k++) {
    const at = c => data[k * channels + (channels === 1 ? 0 : c)];
    pixels.data.set([at(0), at(1), at(2), 255], 4 * k);
  }
  brush.putImageData(pixels, 0, 0);
}
function markBox(box, canvas, top, left, height, width) { // in pixels of the canvas
  const cut = (value, most) => Math.min(Math.max(value, 0), most);
  const [t, l] = [cut(top, canvas.height), cut(left, canvas.width)];
  const [b, r] = [cut(top + height, canvas.height), cut(left + width, canvas.width)];
  const percent = (value, whole) => `${100 * value / whole}%`;
  Object.assign(box.style, {
    top: percent(t, canvas.height), left: percent(l, canvas.width),
    height: percent(b - t, canvas.height), width: percent(r - l, canvas.width),
  });
  box.hidden = false;
}
function make(tag, settings = {}, ...children) {
  const { data, ...own } = settings, made = Object.assign(document.createElement(tag), own);
  Object.assign(made.dataset, data ?? {});
  made.append(...children);
  return made;
}
function makeSvg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
