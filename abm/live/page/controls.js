// The hands on the run: what a button or slider says to the program, and how it stands.

const at = (id) => document.getElementById(id);
const DAYS = [1, 2, 5, 10, 20, 40, 60, 100, 150, 250, 375, 500];
const inDays = (days) => (days === 1 ? "at once" : `over ${days} days`);
const SHOWN = {
  "funds.leverage": (x) => `× ${x.toFixed(1)}`,
  "funds.crowding": (x) => `× ${x.toFixed(1)}`,
  "stablecoins.supply": (x) => `${x.toFixed(0)} $bn`,
  "banks.capital": (x) => `× ${x.toFixed(2)}`,
};

export class Controls {
  constructor(say, store, note) {
    Object.assign(this, { say, store, note, sides: false, days: DAYS, held: new Map() });
    at("play").addEventListener("click", () => this.playOrPause());
    at("step").addEventListener("click", () => say({ do: "step" }));
    at("reset").addEventListener("click", () => this.reset());
    at("apply").addEventListener("click", () => this.reset());
    at("speed").addEventListener("change", () => say({ do: "speed", days_a_second: Number(at("speed").value) }));
    at("scenario").addEventListener("change", () => { this.takeOver(); this.reset(); });
    at("seed").addEventListener("change", () => this.reset());
    at("sides").addEventListener("click", () => { this.sides = !this.sides; this.reset(); });
    at("spark").addEventListener("click", () => this.spark());
    for (const id of ["total", "days", "slow"]) at(id).addEventListener("input", () => this.showSpark());
    at("slow").addEventListener("change", () => { if (this.sides) this.note("the slow world's speed takes effect on the next reset"); });
    addEventListener("keydown", (event) => {
      if (event.target.closest("input, select, textarea, button, summary") || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === " ") { event.preventDefault(); this.playOrPause(); }
    });
  }

  // Build what depends on the program: scenarios, dials, policies, channels.
  hello(hello) {
    this.scenarios = Object.fromEntries(hello.scenarios.map((one) => [one.name, one]));
    at("scenario").replaceChildren(...hello.scenarios.map((one) => new Option(one.name.replaceAll("_", " "), one.name)));
    at("speed").replaceChildren(...hello.speeds.map((speed) => new Option(speed || "as many as it can", speed, speed === hello.pace, speed === hello.pace)));
    this.dials = hello.dials.map((dial) => {
      const label = Object.assign(document.createElement("label"), { className: "dial", title: dial.meaning });
      label.innerHTML = `<span>${dial.label}<output></output></span>`;
      const input = Object.assign(document.createElement("input"), { type: "range", min: dial.low, max: dial.high, step: dial.step, id: dial.path });
      input.addEventListener("input", () => this.showDials());
      label.append(input);
      at("dials").append(label);
      return { ...dial, input, label };
    });
    for (const policy of hello.policies) {
      const button = Object.assign(document.createElement("button"), { textContent: policy.label, title: policy.about, id: `policy-${policy.name}` });
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        this.hold(button.id, on);
        press(button, on);
        this.act({ kind: "policy", policy: policy.name, on });
      });
      at(policy.main ? "policies" : "more-policies").append(button);
    }
    for (const channel of hello.channels) {
      const label = document.createElement("label");
      label.innerHTML = `<input type="checkbox" id="channel-${channel.name}" checked> ${channel.name.replaceAll("_", " ")}<small>${channel.about}</small>`;
      label.firstElementChild.addEventListener("change", ({ target }) => {
        this.hold(target.id, target.checked);
        this.act({ kind: "switch", channel: channel.name, on: target.checked });
      });
      at("channels").append(label);
    }
    this.takeOver();
    for (const id of ["play", "step", "reset", "spark"]) at(id).disabled = false;
  }

  get scenario() {
    return this.scenarios[at("scenario").value];
  }

  // Put all dials where the scenario has them.
  takeOver() {
    const { spark, dials } = this.scenario;
    at("own-day").textContent = spark.start;
    at("total").value = spark.total || 0.5;
    at("own-spark").checked = spark.days > 1 && spark.total !== 0; // of an episode of history
    this.offer(spark.days);
    for (const dial of this.dials) {
      dial.input.max = Math.max(dial.high, dials[dial.path]);
      dial.input.value = dials[dial.path];
    }
    this.showSpark();
    this.showDials();
  }

  // Let the slider of speed have the days that a scenario has.
  offer(days) {
    this.days = [...new Set([...DAYS, days])].sort((a, b) => a - b);
    at("days").max = this.days.length - 1;
    at("days").value = this.days.indexOf(days);
  }

  showSpark() {
    const worth = 100 * -Math.expm1(-Number(at("total").value));
    at("total-shown").textContent = `AI worth ${worth.toFixed(0)} % less`;
    at("days-shown").textContent = inDays(this.days[at("days").value]);
    at("slow-shown").textContent = inDays(DAYS[at("slow").value]);
  }

  showDials() {
    const opened = this.store.opening?.start;
    let moved = false;
    for (const { path, input, label } of this.dials) {
      label.querySelector("output").textContent = SHOWN[path](Number(input.value));
      const before = opened ? (opened.dials[path] ?? this.scenarios[opened.scenario].dials[path]) : this.scenario.dials[path];
      const differs = Math.abs(before - Number(input.value)) > Number(input.step) / 2;
      label.classList.toggle("moved", differs);
      moved ||= differs;
    }
    at("apply").hidden = !moved;
  }

  // Only dials that were moved are named, so that the command that repeats the run is short.
  start(changes = {}) {
    const dials = {};
    for (const { path, input } of this.dials) {
      const own = this.scenario.dials[path], value = Number(input.value);
      if (Math.abs(own - value) > Number(input.step) / 2) dials[path] = value;
    }
    return {
      do: "start", scenario: at("scenario").value, seed: Math.max(0, Math.trunc(Number(at("seed").value)) || 0), dials,
      own_spark: at("own-spark").checked, total: Number(at("total").value), days: this.days[at("days").value],
      side_by_side: this.sides, slow_days: DAYS[at("slow").value], ...changes,
    };
  }

  reset(changes) {
    this.say(this.start(changes));
  }

  playOrPause() {
    if (this.store.playing) this.say({ do: "pause" });
    else if (this.store.over) { this.reset(); this.say({ do: "play" }); }
    else this.say({ do: "play" });
  }

  spark() {
    this.act({ kind: "spark", total: Number(at("total").value), days: this.days[at("days").value] });
    if (!this.store.playing) this.say({ do: "play" });
  }

  act(action) {
    this.say({ do: "act", action });
  }

  // The page follows what the program has opened, also when the guided minute asked for it.
  opened({ start, worlds }) {
    this.sides = start.side_by_side;
    at("scenario").value = start.scenario;
    at("seed").value = start.seed;
    at("own-day").textContent = this.scenario.spark.start;
    at("own-spark").checked = start.own_spark;
    at("total").value = start.total;
    this.offer(start.days);
    at("slow").value = nearest(start.slow_days);
    for (const { path, input } of this.dials) input.value = start.dials[path] ?? this.scenario.dials[path];
    at("ticks").textContent = worlds[0].ticks;
    at("sides").setAttribute("aria-pressed", String(this.sides));
    at("slow-dial").hidden = !this.sides;
    this.showSpark();
    this.showDials();
  }

  draw(frame) {
    set(at("play"), frame.playing ? "Pause" : frame.over ? "Again" : "Play");
    set(at("day"), String(frame.tick));
    at("progress").firstElementChild.style.width = `${(100 * frame.tick) / this.store.worlds[0].fixed.ticks}%`;
    at("spark").disabled = at("step").disabled = frame.over;
    for (const [name, on] of Object.entries(frame.policies)) if (this.isNews(`policy-${name}`, on)) press(at(`policy-${name}`), on);
    for (const [name, on] of Object.entries(frame.channels)) if (this.isNews(`channel-${name}`, on)) at(`channel-${name}`).checked = on;
    if (frame.commands) this.drawCommands(frame.commands);
  }

  // What was just pressed stays pressed until the program has heard of it: a frame on its way does not know yet.
  hold(id, on) {
    this.held.set(id, { on, until: performance.now() + 1000 });
  }

  isNews(id, on) {
    const held = this.held.get(id);
    if (held && held.on !== on && performance.now() < held.until) return false;
    this.held.delete(id);
    return true;
  }

  drawCommands(commands) {
    const said = JSON.stringify(commands);
    if (said === this.said || String(getSelection()).length > 1) return; // somebody marks the text to copy it
    this.said = said;
    at("commands").replaceChildren(...commands.map(({ world, command, needs_file: needsFile }, k) => {
      const place = Object.assign(document.createElement("div"), { className: "command" });
      if (commands.length > 1) place.append(Object.assign(document.createElement("b"), { textContent: world }));
      place.append(Object.assign(document.createElement("code"), { textContent: command }));
      if (needsFile) place.append(Object.assign(document.createElement("p"), { className: "small", textContent: "in the folder with the scenario file:" }));
      const row = Object.assign(document.createElement("div"), { className: "row" });
      const button = (text, title, press) => {
        const made = Object.assign(document.createElement("button"), { textContent: text, title });
        made.addEventListener("click", press);
        row.append(made);
      };
      button("Copy", "the command", () => copy(command, this.note));
      button("Scenario file", "this world with all that was done, as a file for powderkeg run", () => this.say({ do: "keep", world: k, series: false }));
      button("Run as Parquet", "the daily series so far", () => this.say({ do: "keep", world: k, series: true }));
      place.append(row);
      return place;
    }));
  }
}

function nearest(days) {
  return DAYS.reduce((best, one, k) => (Math.abs(one - days) < Math.abs(DAYS[best] - days) ? k : best), 0);
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function press(button, on) {
  if (button.getAttribute("aria-pressed") !== String(on)) button.setAttribute("aria-pressed", String(on));
}

function copy(text, note) {
  const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
  copied.then(() => note("copied"), () => note("the browser lets nothing be copied here: mark the text instead"));
}
