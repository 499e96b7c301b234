// The guided minute: three worlds on the same draws, in the order in which their difference is best seen.

const DAYS = 300; // that each world is shown for
const WORLD = { scenario: "us_late_2025", seed: 3, dials: { "funds.leverage": 3 }, total: 0.5, slow_days: 250, side_by_side: false };
const STEPS = [
  {
    title: "1. A quiet world",
    text: "No spark is lit. Prices move by ordinary news, now and then a fund is called for margin. Watch how near the crowd stands to the line: everybody here has borrowed three times what is borrowed today.",
    start: { ...WORLD, own_spark: false, days: 1 },
  },
  {
    title: "2. The same world, gradual news",
    text: "From day 40 on AI turns out to be worth 39 % less, a little every day for 250 days. Funds have time to sell before they must: see who is called, and who is seized.",
    start: { ...WORLD, own_spark: true, days: 250 },
  },
  {
    title: "3. The same news, at once",
    text: "On day 40 all of it is known. Now the crowd crosses the line together, and forced sales push prices to where the next ones must sell. The news is the same: the difference is its speed.",
    start: { ...WORLD, own_spark: true, days: 1 },
  },
];
const KEY = "powderkeg-guided";
const at = (id) => document.getElementById(id);

export class Coach {
  constructor(say, controls, store) {
    Object.assign(this, { say, controls, store, step: null });
    at("guide").addEventListener("click", () => (this.step === null ? this.offer() : this.end()));
    try { this.first = !localStorage.getItem(KEY); } catch { this.first = false; }
  }

  opened() {
    if (this.first) this.offer();
    this.first = false;
  }

  offer() {
    this.step = -1;
    this.write("A first visit?", "Three worlds in a minute: quiet, a gradual fall, a sudden one. Or close this and play yourself: press Play, then Spark now.", [
      ["Show me", () => this.go(0)], ["Close", () => this.end()],
    ]);
  }

  go(step) {
    this.step = step;
    this.say({ do: "pause" });
    this.say({ ...STEPS[step].start, do: "start" });
    this.say({ do: "speed", days_a_second: this.store.hello.pace });
    at("speed").value = this.store.hello.pace;
    this.say({ do: "play", until: DAYS });
    const { title, text } = STEPS[step];
    this.write(title, text, [
      ...(step > 0 ? [["Back", () => this.go(step - 1)]] : []),
      ...(step + 1 < STEPS.length ? [["Next", () => this.go(step + 1)]] : []),
      ["Close", () => this.end()],
    ]);
  }

  end() {
    this.step = null;
    at("coach").hidden = true;
    try { localStorage.setItem(KEY, "yes"); } catch { /* a browser that remembers nothing */ }
    dispatchEvent(new Event("resize"));
  }

  // Point to the next step when a world has been shown.
  draw() {
    const done = this.step !== null && this.step >= 0 && !this.store.playing && this.store.tick >= DAYS;
    const next = [...at("coach").querySelectorAll("button")].find((button) => button.textContent === "Next");
    next?.classList.toggle("main", done);
  }

  write(title, text, buttons) {
    const place = at("coach"), was = place.hidden;
    place.hidden = false;
    const words = document.createElement("div");
    words.append(Object.assign(document.createElement("b"), { textContent: title }), Object.assign(document.createElement("p"), { textContent: text }));
    place.replaceChildren(words, ...buttons.map(([name, press], k) => {
      const button = Object.assign(document.createElement("button"), { textContent: name, className: k === 0 && name === "Show me" ? "main" : "" });
      button.addEventListener("click", press);
      return button;
    }));
    if (was) dispatchEvent(new Event("resize"));
  }
}
