// One institution looked at: its balance sheet, whom it owes, and how it got here.

import { frame, look } from "./look.js";
import { horizon } from "./panels.js";

const place = document.getElementById("who");
const amount = (x) => x.toLocaleString("en", { maximumFractionDigits: Math.abs(x) >= 100 ? 0 : Math.abs(x) >= 1 ? 1 : 3 });

export class Who {
  constructor(say, store) {
    Object.assign(this, { say, store, chart: null });
    place.addEventListener("click", (event) => {
      if (!event.target.closest(".close")) return;
      say({ do: "look" });
      this.close();
    });
  }

  close() {
    this.chart?.dispose();
    this.chart = this.name = null;
    place.hidden = true;
  }

  draw(about) {
    if (!about) {
      if (!place.hidden) this.close();
      return;
    }
    this.about = about;
    const key = `${about.world} ${about.name}`;
    if (this.name !== key) this.build(about);
    this.name = key;
    const rows = (found, empty) => found.length ? found.map((row) => `<tr>${row.map((part) => `<td>${typeof part === "number" ? amount(part) : part}</td>`).join("")}</tr>`).join("") : `<tr><td>${empty}</td><td></td></tr>`;
    const owned = about.sheet.filter(([, value]) => value > 0), owed = about.sheet.filter(([, value]) => value < 0).map(([name, value]) => [name, -value]);
    const sum = (side) => side.reduce((total, [, value]) => total + value, 0);
    const own = sum(owned) - sum(owed); // a fund owes it to its owners, as shares
    const parts = {
      state: about.state,
      owned: rows([...owned, ["all it has", sum(owned)]], "nothing"),
      owed: rows([...owed, ...(about.table === "funds" && Math.abs(own) < 0.01 ? [] : [["own capital", own]])], "nothing"),
      owes: rows(about.owes, "nobody by name"),
      has: rows(about.has, "with nobody by name"),
    };
    for (const [name, html] of Object.entries(parts)) {
      const element = place.querySelector(`.${name}`);
      if (element.innerHTML !== html) element.innerHTML = html;
    }
    this.chart.setOption({ xAxis: [0, 1].map(() => horizon(this.store().worlds[about.world])), series: about.history.map(({ values, step }, k) => ({
      id: `h${k}`, data: values.map((value, i) => [i * step, value]) })) });
  }

  build(about) {
    this.chart?.dispose();
    place.hidden = false;
    const worlds = this.store().worlds, world = worlds.length > 1 ? `, ${worlds[about.world].fixed.name} world` : "";
    place.innerHTML = `<button class="close" title="close">Close</button><h3>${about.name}</h3>
      <p>${about.title}${world}: <b class="state"></b></p>
      <div class="history"></div>
      <div class="columns">
        <table><thead><tr><th>has</th><th>$bn</th></tr></thead><tbody class="owned"></tbody></table>
        <table><thead><tr><th>owes</th><th>$bn</th></tr></thead><tbody class="owed"></tbody></table>
      </div>
      <table><thead><tr><th>owes to</th><th></th><th>$bn</th></tr></thead><tbody class="owes"></tbody></table>
      <table><thead><tr><th>has with</th><th></th><th>$bn</th></tr></thead><tbody class="has"></tbody></table>`;
    this.chart = echarts.init(place.querySelector(".history"), null, { renderer: "canvas" });
    const l = look(), f = frame(l);
    const grids = [{ left: 44, right: "53%", top: 22, bottom: 18 }, { left: "62%", right: 8, top: 22, bottom: 18 }];
    this.chart.setOption({
      ...f.option,
      tooltip: { show: false },
      grid: grids,
      title: about.history.map(({ name }, k) => ({ text: name, left: k ? "50%" : 0, top: 0, textStyle: { ...f.text, fontWeight: "normal" } })),
      xAxis: grids.map((_, gridIndex) => ({ ...f.axis, gridIndex, type: "value", min: 0, max: 750, splitLine: { show: false }, splitNumber: 3 })),
      yAxis: grids.map((_, gridIndex) => ({ ...f.axis, gridIndex, type: "value", scale: true, splitNumber: 2 })),
      series: about.history.map((_, k) => ({ id: `h${k}`, type: "line", showSymbol: false, silent: true, xAxisIndex: k, yAxisIndex: k,
        lineStyle: { width: 1.6, color: l.colours[k] }, data: [] })),
    });
  }

  dress() {
    if (!this.about || place.hidden) return;
    this.build(this.about);
    this.draw(this.about);
  }
}
