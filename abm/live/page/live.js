// The page: hears frames, draws each whole before it asks for more, and says what the class wants.

import { Controls } from "./controls.js";
import { Coach } from "./coach.js";
import { save, savePanel } from "./keep.js";
import { layOut } from "./panels.js";
import { Who } from "./who.js";

const at = (id) => document.getElementById(id);
const store = { hello: null, opening: null, worlds: [], tick: 0, playing: false, over: false };
let panels = [], awaited = null, frame = null, pending = false, lastFile = "run";

const address = new URL("live", location.href);
address.protocol = "ws:";
const socket = new WebSocket(address);
socket.binaryType = "blob";

function say(message) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

let noteEnds;
function note(text, lasting = false) {
  at("note").textContent = text;
  at("note").hidden = false;
  clearTimeout(noteEnds);
  if (!lasting) noteEnds = setTimeout(() => { at("note").hidden = true; }, 6000);
}

const who = new Who(say, () => store);
const controls = new Controls(say, store, note);
const coach = new Coach(say, controls, store);

socket.addEventListener("message", ({ data }) => {
  if (data instanceof Blob) {
    save(lastFile, data);
    return;
  }
  const message = JSON.parse(data);
  if (message.hello) {
    store.hello = message.hello;
    controls.hello(message.hello);
  } else if (message.opening) open(message.opening);
  else if (message.frame) hear(message.frame);
  else if (message.file) lastFile = message.file;
  else if (message.problem) note(message.problem);
});

socket.addEventListener("close", (event) => {
  at("veil").hidden = false;
  at("veil").firstElementChild.textContent = event.reason
    ? `${event.reason[0].toUpperCase()}${event.reason.slice(1)}. Load the page again to go on.`
    : "The program has ended, or the connection to it. Load the page again when it runs.";
  document.body.dataset.state = "closed";
});

function open(opening) {
  for (const panel of panels) panel.close();
  store.opening = opening;
  store.worlds = opening.worlds.map((fixed) => ({ fixed, count: opening.worlds.length, days: null, now: null, log: [], verdict: {} }));
  store.tick = 0;
  frame = null;
  who.close();
  panels = layOut(store.worlds, store.hello, (world, table, row) => say({ do: "look", world, table, row }),
    (panel) => savePanel(panel, `${panel.name}-day${store.tick}.png`, store.tick));
  controls.opened(opening);
  coach.opened();
  at("veil").hidden = true;
}

// Take over what is new; frames of books that have been closed meanwhile are void.
function hear(heard) {
  if (heard.generation !== store.opening?.generation) {
    say({ do: "drawn", frame: heard.frame });
    return;
  }
  heard.worlds.forEach((news, k) => {
    const world = store.worlds[k];
    if (heard.since === 0) world.days = Object.fromEntries(Object.keys(news.days).map((name) =>
      [name, Array.isArray(news.days[name][0]) || needsLists(name) ? news.days[name].map(() => []) : []]));
    for (const [name, values] of Object.entries(news.days)) {
      if (needsLists(name)) values.forEach((list, of) => world.days[name][of].push(...list));
      else world.days[name].push(...values);
    }
    world.now = news.now;
    world.log.push(...news.log);
    world.verdict = news.verdict;
  });
  Object.assign(store, { tick: heard.tick, playing: heard.playing, over: heard.over });
  frame = heard;
  if (!pending) {
    pending = true;
    requestAnimationFrame(draw);
  }
}

const needsLists = (name) => ["price", "news", "depth", "coin_price", "coin_supply", "coin_coverage", "sales"].includes(name);

function draw() {
  pending = false;
  if (!frame) return;
  const drawn = frame;
  for (const panel of panels) panel.draw();
  controls.draw(drawn);
  coach.draw();
  if ("looked_at" in drawn) who.draw(drawn.looked_at);
  document.body.dataset.tick = drawn.tick;
  document.body.dataset.state = drawn.playing ? "playing" : drawn.over ? "over" : "paused";
  document.body.dataset.generation = drawn.generation;
  say({ do: "drawn", frame: drawn.frame });
}

let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => { for (const panel of panels) panel.dress(); who.dress(); }, 120);
});

function dress(dark) {
  document.documentElement.classList.toggle("dark", dark);
  at("theme").textContent = dark ? "Light" : "Dark";
  for (const panel of panels) panel.dress();
  who.dress();
}

export function remembered(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

export function remember(name, value) {
  try { localStorage.setItem(name, value); } catch { /* a browser that remembers nothing */ }
}

at("theme").addEventListener("click", () => {
  const dark = !document.documentElement.classList.contains("dark");
  remember("powderkeg-look", dark ? "dark" : "light");
  dress(dark);
});
const wished = remembered("powderkeg-look");
dress(wished ? wished === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
