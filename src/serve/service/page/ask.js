"use strict";
/* Requests to the server: again where it is busy, and with the token once somebody has typed it. */

const TRIES = 6; // where the server is busy
const $ = id => document.getElementById(id);
let token = "";

const pause = seconds => new Promise(done => setTimeout(done, 1000 * seconds));

async function ask(path, options = {}) {
  for (let left = TRIES; ; left--) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {}; // printable ASCII
    let answer;
    try {
      answer = await fetch(path, { ...options, headers });
    } catch {
      throw new Error("the server does not answer: is it still running?");
    }
    if (answer.status === 401) {
      await askForToken(token ? "that was not the token" : "");
      continue;
    }
    const again = Number(answer.headers.get("Retry-After"));
    if (answer.status === 503 && again && left > 1) {
      await pause(Math.min(again, 10));
      continue;
    }
    const found = await answer.json().catch(() => ({}));
    const failed = found.predictions?.[0]?.error ?? found.error;
    if (!answer.ok) throw new Error(failed ?? `the server says ${answer.status}`);
    return found;
  }
}
let asking = null; // one dialog for all requests that wait for it
function askForToken(problem) {
  asking ??= new Promise(done => {
    $("ask-problem").textContent = problem;
    $("ask").showModal();
    $("ask").addEventListener("close", () => {
      token = $("token").value.trim();
      $("token").value = "";
      asking = null;
      done();
    }, { once: true });
  });
  return asking;
}
