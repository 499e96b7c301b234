// The panels: what each of them shows of a world, in a chart whose axes stand still, so that motion means something.

import { chip, frame, look } from "./look.js";

const POINTS = 360; // of a line: more would not be seen
const TOP_USE = 2; // of margin: who uses more is drawn at the edge
const FULL = 1.5; // of the first day's capital or deposits: more is drawn at the edge
const HORIZONS = [150, 300]; // days that are shown until they are over
const SMALLEST = 0.3; // $bn: who holds less is drawn at the edge

const percent = (x, digits = 0) => `${(100 * x).toFixed(digits).replace(/^-([0.]+)$/, "$1")} %`;
const money = (x) => `${x.toLocaleString("en", { maximumSignificantDigits: 3 })} $bn`;
const words = (name) => name.replaceAll("_", " ");

// Points of a series so far; where there are many, one for every few days: the last, or with `most` the largest.
function points(values, most = false) {
  const n = values.length, every = Math.ceil(n / POINTS) || 1, found = [];
  for (let first = 0; first < n; first += every) {
    const last = Math.min(first + every, n) - 1;
    let value = values[last];
    if (most) for (let i = first; i < last; i++) value = Math.max(value, values[i]);
    found.push([last, value]);
  }
  return found;
}

// The end of an axis: it may only move away, and in large steps.
function roomy(now, needed, steps) {
  return needed <= now ? now : steps.find((step) => step >= needed) ?? needed;
}

// The end of the axis of days: a good half year, more than a year, then the whole run.
export function horizon(world) {
  const day = world.days?.believers.length ?? 0;
  const max = Math.min(HORIZONS.find((one) => day <= one) ?? Infinity, world.fixed.ticks);
  return max % 3 ? { max } : { max, interval: max / 3 };
}

function largest(lists, start = 0) {
  let most = start;
  for (const list of lists) for (const value of list) if (value > most) most = value;
  return most;
}

const days = (world, f) => ({
  ...f.axis, type: "value", min: 0, ...horizon(world), splitLine: { show: false },
  axisLabel: { ...f.axis.axisLabel, alignMaxLabel: "right", formatter: (x) => (x === horizon(world).max ? `day ${x}` : x) },
});
const line = (id, colour, dash, { lineStyle, ...more } = {}) => ({
  id, type: "line", showSymbol: false, silent: true, emphasis: { disabled: true }, color: colour,
  lineStyle: { width: 2, type: dash, color: colour, ...lineStyle }, data: [], ...more,
});
const onDay = (unit, names) => ({
  trigger: "axis",
  axisPointer: { type: "line", animation: false },
  formatter: (found) => `day ${found[0].value[0]}<br>` + found.filter((one) => names[one.seriesId]).map((one) =>
    `${one.marker} ${names[one.seriesId]}: ${unit(one.value[1])}`).join("<br>"),
});

const PANELS = [
  {
    id: "prices",
    daily: 1, // axes of days
    title: "Prices",
    about: "Each market against its first day; thin, what the news alone would have made of it.",
    legend: (world, h, l) => h.markets.map((name, k) => ({ name, mark: "line", colour: l.colours[k], dash: l.dashes[k] })),
    state: () => ({ top: 1.5 }),
    option: (world, h, l, f) => ({
      grid: { left: 38, right: 10, top: 18, bottom: 20 },
      tooltip: { ...f.option.tooltip, ...onDay((x) => x.toFixed(3), Object.fromEntries(h.markets.map((name, k) => [`price${k}`, name]))) },
      xAxis: days(world, f),
      yAxis: { ...f.axis, type: "value", min: 0, max: 1.5, minInterval: 0.5 },
      series: [
        ...h.markets.map((_, k) => line(`news${k}`, l.colours[k], "solid", { lineStyle: { width: 0.9, opacity: 0.75 } })),
        ...h.markets.map((_, k) => line(`price${k}`, l.colours[k], l.dashes[k], k ? {} : { z: 3, lineStyle: { width: 2.6 } })),
      ],
    }),
    update: (world, state, l) => {
      state.top = roomy(state.top, largest(world.days.price), [1.5, 2, 3, 5, 10, 20, 50, 100]);
      return {
        yAxis: { max: state.top },
        series: [
          ...world.days.news.map((values, k) => ({ id: `news${k}`, data: points(values) })),
          ...world.days.price.map((values, k) => ({ id: `price${k}`, data: points(values), ...(k ? {} : sparks(world, l)) })),
        ],
      };
    },
  },
  {
    id: "crowd",
    title: "Every fund on credit",
    about: "How much of its margin each has used, against its size: over the line it is called, and who cannot pay is seized (hollow). Click one.",
    legend: (world, h, l) => [
      ...h.styles.map((name, k) => ({ name, mark: l.shapes[k], colour: l.colours[k] })),
      { name: "failed", mark: "hollow", colour: l.ink },
    ],
    state: () => ({ top: 100, sized: false }),
    option: (world, h, l, f) => ({
      grid: { left: 46, right: 12, top: 8, bottom: 32 },
      xAxis: { ...f.axis, type: "log", min: SMALLEST, max: 100, name: "securities held, $bn", nameLocation: "middle", nameGap: 18,
        axisLabel: { ...f.axis.axisLabel, formatter: (x) => String(+x.toPrecision(2)) } },
      yAxis: { ...f.axis, type: "value", min: 0, max: TOP_USE, interval: 0.5, axisLabel: { ...f.axis.axisLabel, formatter: (x) => percent(x) } },
      tooltip: { ...f.option.tooltip, formatter: (one) => one.componentType === "markLine" ? "here the lender calls for margin"
        : `${h.styles[world.fixed.styles[one.value[2]]]}<br>margin used ${percent(world.now.use[one.value[2]])}<br>securities ${money(world.now.size[one.value[2]])}` },
      series: [
        ...h.styles.map((_, k) => ({
          id: `style${k}`, type: "scatter", symbol: l.shapes[k], symbolSize: k < 6 ? l.size * 0.62 : l.size * 0.5,
          itemStyle: { color: l.colours[k], opacity: 0.8 }, emphasis: { disabled: true }, data: [],
          ...(k ? {} : { markLine: { symbol: "none", animation: false, silent: false, lineStyle: { color: l.bad, width: 2, type: "solid" },
            label: { formatter: "call", color: l.bad, position: "insideEndTop", fontSize: Math.round(l.size * 0.9) }, data: [{ yAxis: 1 }] } }),
        })),
        { id: "failed", type: "scatter", symbolSize: l.size * 0.75, emphasis: { disabled: true }, data: [] },
      ],
    }),
    update: (world, state, l) => {
      const { use, size } = world.now, failed = new Set(world.now.failed_funds);
      if (!state.sized) {
        state.top = roomy(100, 1.6 * largest([size]), [100, 300, 1000, 3000, 10000, 1e5, 1e6]);
        state.sized = true;
      }
      const styles = l.shapes.map(() => []), hollow = [];
      use.forEach((x, row) => {
        const style = world.fixed.styles[row];
        const place = [Math.min(Math.max(size[row], SMALLEST), state.top), Math.min(x, TOP_USE), row];
        if (failed.has(row)) {
            hollow.push({ value: place, symbol: l.shapes[style], itemStyle: { color: "transparent", borderColor: l.colours[style], borderWidth: 1.5 } });
        } else styles[style].push(place);
      });
      return {
        xAxis: { max: state.top },
        series: [...styles.map((data, k) => ({ id: `style${k}`, data })), { id: "failed", data: hollow }],
      };
    },
    click: (chart, world, x, y) => {
      let best = null, nearest = 18 * 18;
      world.now.use.forEach((use, row) => {
        const [px, py] = chart.convertToPixel({ gridIndex: 0 }, [Math.max(world.now.size[row], SMALLEST), Math.min(use, TOP_USE)]);
        const distance = (px - x) ** 2 + (py - y) ** 2;
        if (distance < nearest) [nearest, best] = [distance, row];
      });
      return best === null ? null : ["funds", best];
    },
  },
  {
    id: "lenders",
    title: "Dealers and banks",
    about: "Bars: capital left, largest lenders first; marks: deposits (banks) or funding (dealers) left, against the first day. Failed ones are hollow. Click one.",
    legend: (world, h, l) => [
      { name: "dealers", mark: "area", colour: l.colours[2] }, { name: "banks", mark: "area", colour: l.colours[3] },
      { name: "deposits or funding", mark: "mark", colour: l.ink },
    ],
    state: () => ({ top: 1.5 }),
    option: (world, h, l, f) => ({
      grid: { left: 46, right: 10, top: 8, bottom: 20 },
      tooltip: { ...f.option.tooltip, formatter: (one) => {
        const [table, row] = lender(world, one.dataIndex) ?? [];
        if (!table) return "";
        const of = world.now[table];
        return `${words(table.slice(0, -1))} ${world.fixed[table][row]}${of.failed.includes(row) ? ", failed" : ""}<br>capital ${percent(of.capital[row])}<br>` +
          `${table === "banks" ? "deposits" : "funding"} ${percent(of.funding[row])}`;
      } },
      xAxis: { ...f.axis, type: "category", data: lenders(world).map(() => ""), splitLine: { show: false } },
      yAxis: { ...f.axis, type: "value", min: 0, max: 1.5, interval: 0.5, axisLabel: { ...f.axis.axisLabel, formatter: (x) => percent(x) } },
      series: [
        { id: "capital", type: "bar", barCategoryGap: "25%", emphasis: { disabled: true }, data: [] },
        { id: "funding", type: "scatter", symbol: "rect", symbolSize: [l.size * 0.6, 2.5], z: 4, itemStyle: { color: l.ink }, emphasis: { disabled: true }, data: [] },
      ],
    }),
    update: (world, state, l) => {
      const all = lenders(world);
      const bars = all.map((one) => {
        if (!one) return null;
        const [table, row] = one, colour = l.colours[table === "dealers" ? 2 : 3];
        if (world.now[table].failed.includes(row)) {
          return { value: 1, itemStyle: { color: "transparent", borderColor: colour, borderWidth: 1, opacity: 0.9 } };
        }
        return { value: Math.min(Math.max(world.now[table].capital[row], 0), FULL), itemStyle: { color: colour } };
      });
      const marks = all.map((one) => one ? Math.min(world.now[one[0]].funding[one[1]], FULL) : null);
      return { series: [{ id: "capital", data: bars }, { id: "funding", data: marks }] };
    },
    click: (chart, world, x, y) => lender(world, Math.round(chart.convertFromPixel({ gridIndex: 0 }, [x, y])[0])),
  },
  {
    id: "sales",
    daily: 1, // axes of days
    title: "Forced sales",
    about: "What is sold each day because somebody has to, by seller, in $bn.",
    legend: (world, h, l) => h.sellers.map((name, k) => ({ name, mark: "area", colour: l.colours[k] })),
    state: () => ({ top: 20 }),
    option: (world, h, l, f) => ({
      grid: { left: 40, right: 10, top: 8, bottom: 20 },
      tooltip: { ...f.option.tooltip, ...onDay((x) => money(x), Object.fromEntries(h.sellers.map((name, k) => [`seller${k}`, name]))) },
      xAxis: days(world, f),
      yAxis: { ...f.axis, type: "value", min: 0, max: 20, interval: 10 },
      series: h.sellers.map((_, k) => line(`seller${k}`, l.colours[k], "solid", {
        stack: "sales", areaStyle: { opacity: 1, color: l.colours[k] }, lineStyle: { width: 0 } })),
    }),
    update: (world, state) => {
      const sellers = world.days.sales;
      for (; state.day < sellers[0].length || state.day === undefined; state.day = (state.day ?? 0) + 1) {
        if (!sellers[0].length) break;
        const day = state.day ?? 0;
        state.most = Math.max(state.most ?? 0, sellers.reduce((sum, values) => sum + values[day], 0));
      }
      state.top = roomy(state.top, state.most ?? 0, [20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 1e5]);
      return { yAxis: { max: state.top, interval: state.top / 2 }, series: sellers.map((values, k) => ({ id: `seller${k}`, data: points(values, true) })) };
    },
  },
  {
    id: "coins",
    daily: 2, // axes of days
    title: "Stablecoins",
    about: "Above, the price of a coin, $; below, coins left, and reserves for each (thin). Click one.",
    legend: (world, h, l) => h.issuers.map((name, k) => ({ name: `${name} issuer`, mark: "line", colour: l.colours[k], dash: l.dashes[k], look: ["stablecoins", k] })),
    state: () => ({ low: 0.95, top: 1.2 }),
    option: (world, h, l, f) => ({
      grid: [{ left: 40, right: 10, top: 8, height: "30%" }, { left: 40, right: 10, top: "54%", bottom: 20 }],
      tooltip: { ...f.option.tooltip, ...onDay((x) => x.toFixed(3), Object.fromEntries(h.issuers.flatMap((name, k) =>
        [[`peg${k}`, `${name}, price`], [`left${k}`, `${name}, coins left`], [`cover${k}`, `${name}, reserves`]]))) },
      xAxis: [{ ...days(world, f), gridIndex: 0, axisLabel: { show: false } }, { ...days(world, f), gridIndex: 1 }],
      yAxis: [{ ...f.axis, type: "value", gridIndex: 0, min: 0.95, max: 1.01, interval: 0.05, axisLabel: { ...f.axis.axisLabel, showMaxLabel: false } },
        { ...f.axis, type: "value", gridIndex: 1, min: 0, max: 1.2, minInterval: 1, axisLabel: { ...f.axis.axisLabel, showMaxLabel: false } }],
      series: h.issuers.flatMap((_, k) => [
        line(`peg${k}`, l.colours[k], l.dashes[k], { xAxisIndex: 0, yAxisIndex: 0 }),
        line(`left${k}`, l.colours[k], l.dashes[k], { xAxisIndex: 1, yAxisIndex: 1 }),
        line(`cover${k}`, l.colours[k], "solid", { xAxisIndex: 1, yAxisIndex: 1, lineStyle: { width: 0.9, opacity: 0.8 } }),
      ]),
    }),
    update: (world, state) => {
      const { coin_price: price, coin_supply: supply, coin_coverage: cover } = world.days;
      const left = supply.map((values) => values.map((x) => (values[0] > 0 ? x / values[0] : 0)));
      const least = Math.min(1, ...price.map((values) => values.reduce((a, b) => Math.min(a, b > 0 ? b : 1), 1)));
      state.low = 1 - roomy(1 - state.low, 1 - least, [0.05, 0.1, 0.2, 0.5, 1]);
      state.top = roomy(state.top, largest([...left, ...cover]), [1.2, 1.5, 2, 3, 5, 10]);
      return {
        yAxis: [{ min: state.low, max: 1 + (1 - state.low) / 5, interval: 1 - state.low }, { max: state.top }],
        series: price.flatMap((values, k) => [
          { id: `peg${k}`, data: points(values) }, { id: `left${k}`, data: points(left[k]) }, { id: `cover${k}`, data: points(cover[k]) },
        ]),
      };
    },
    click: (chart, world, x, y) => {
      const day = world.days.believers.length - 1;
      if (day < 0) return null;
      const above = chart.containPixel({ gridIndex: 0 }, [x, y]), grid = above ? 0 : 1;
      const at = Math.min(day, Math.max(0, Math.round(chart.convertFromPixel({ gridIndex: grid }, [x, y])[0])));
      const values = world.days.coin_supply.map((list, k) => above ? world.days.coin_price[k][at] : list[at] / (list[0] || 1));
      const gaps = values.map((value) => Math.abs(chart.convertToPixel({ gridIndex: grid }, [at, value])[1] - y));
      return ["stablecoins", gaps.indexOf(Math.min(...gaps))];
    },
  },
  {
    id: "belief",
    daily: 1, // axes of days
    title: "Belief",
    about: "The share of money that believes in the story of AI, and what bargain hunters have left to spend.",
    legend: (world, h, l) => [
      { name: "believers", mark: "line", colour: l.colours[0] },
      { name: "bargain hunters' money", mark: "line", colour: l.colours[1], dash: l.dashes[1] },
    ],
    state: () => ({}),
    option: (world, h, l, f) => ({
      grid: { left: 44, right: 10, top: 8, bottom: 20 },
      tooltip: { ...f.option.tooltip, ...onDay((x) => percent(x), { believers: "believers", buyers: "money left" }) },
      xAxis: days(world, f),
      yAxis: { ...f.axis, type: "value", min: 0, max: 1, interval: 0.5, axisLabel: { ...f.axis.axisLabel, formatter: (x) => percent(x) } },
      series: [
        line("believers", l.colours[0], "solid", { areaStyle: { opacity: 0.18, color: l.colours[0] } }),
        line("buyers", l.colours[1], l.dashes[1]),
      ],
    }),
    update: (world) => ({ series: [
      { id: "believers", data: points(world.days.believers) }, { id: "buyers", data: points(world.days.buyers_capacity) },
    ] }),
  },
  {
    id: "depth",
    daily: 1, // axes of days
    title: "Depth",
    about: "How much a market takes before its price gives way, against normal times.",
    legend: (world, h, l) => h.markets.map((name, k) => ({ name, mark: "line", colour: l.colours[k], dash: l.dashes[k] })),
    state: () => ({ top: 1.1 }),
    option: (world, h, l, f) => ({
      grid: { left: 44, right: 10, top: 8, bottom: 20 },
      tooltip: { ...f.option.tooltip, ...onDay((x) => percent(x), Object.fromEntries(h.markets.map((name, k) => [`depth${k}`, name]))) },
      xAxis: days(world, f),
      yAxis: { ...f.axis, type: "value", min: 0, max: 1.1, interval: 0.5, axisLabel: { ...f.axis.axisLabel, showMaxLabel: false, formatter: (x) => percent(x) } },
      series: h.markets.map((_, k) => line(`depth${k}`, l.colours[k], l.dashes[k])),
    }),
    update: (world, state) => {
      state.top = roomy(state.top, largest(world.days.depth), [1.1, 1.5, 2, 3]);
      return { yAxis: { max: state.top }, series: world.days.depth.map((values, k) => ({ id: `depth${k}`, data: points(values) })) };
    },
  },
];

// The days on which bad news begins.
function sparks(world, l) {
  const bad = world.days.disappointment;
  const data = bad.flatMap((amount, day) => (amount > 0 && !(bad[day - 1] > 0) ? [{ xAxis: day }] : [])).slice(0, 20);
  return { markLine: { symbol: "none", silent: true, animation: false, label: { formatter: "spark", color: l.bad, fontSize: Math.round(l.size * 0.86) },
    lineStyle: { color: l.bad, type: [2, 3], width: 1.2 }, data } };
}

// Dealers, a gap, banks: the order of the bars.
function lenders(world) {
  return [...world.fixed.dealer_order.map((row) => ["dealers", row]), null, ...world.fixed.bank_order.map((row) => ["banks", row])];
}

const lender = (world, place) => lenders(world)[place] ?? null;

const CAPTIONS = { sudden: "the spark at once", gradual: "the same spark slowly" };

// One panel of one or two worlds: title, sentence and legend once, and a place for each world on the same axes.
class Panel {
  constructor(name, title, about, worlds) {
    Object.assign(this, { name, title, about, worlds });
    this.element = document.createElement("section");
    this.element.className = `panel ${name}`;
    this.element.innerHTML = `<div class="head"><h3>${title}</h3><p class="about">${about}</p></div><div class="legend"></div><div class="halves"></div>`;
    this.places = worlds.map((world) => {
      const half = Object.assign(document.createElement("div"), { className: "half" });
      if (worlds.length > 1) half.append(Object.assign(document.createElement("b"), { className: "caption", textContent: CAPTIONS[world.fixed.name] }));
      const place = Object.assign(document.createElement("div"), { className: "place" });
      half.append(place);
      this.element.querySelector(".halves").append(half);
      return place;
    });
  }

  open() {}
  dress() {}
  close() {}
  draw() {}
}

class Charts extends Panel {
  constructor(spec, worlds, hello, onLook) {
    super(spec.id, spec.title, spec.about, worlds);
    Object.assign(this, { spec, hello, onLook });
    this.places.forEach((place) => {
      place.classList.add("chart");
      place.setAttribute("role", "img");
      place.setAttribute("aria-label", `${spec.title}: ${spec.about}`);
    });
  }

  // Once the element has its size.
  open() {
    this.charts = this.worlds.map((world, k) => {
      const chart = echarts.init(this.places[k], null, { renderer: "canvas" });
      if (this.spec.click) {
        chart.getZr().on("click", ({ offsetX, offsetY }) => {
          const inside = [0, 1].some((gridIndex) => chart.containPixel({ gridIndex }, [offsetX, offsetY]));
          const found = inside && world.now ? this.spec.click(chart, world, offsetX, offsetY) : null;
          if (found) this.onLook(k, ...found);
        });
      }
      return chart;
    });
    this.dress();
    // a panel above may grow by what it says
    this.watch = new ResizeObserver(() => this.charts.forEach((chart, k) => {
      const { clientWidth, clientHeight } = this.places[k];
      if (chart.getWidth() !== clientWidth || chart.getHeight() !== clientHeight) chart.resize();
    }));
    for (const place of this.places) this.watch.observe(place);
  }

  // Colours, letters and sizes, at the beginning and whenever they change.
  dress() {
    this.l = look();
    const f = frame(this.l), legend = this.element.querySelector(".legend");
    this.state = this.spec.state();
    legend.innerHTML = "";
    this.chips = this.spec.legend(this.worlds[0], this.hello, this.l);
    for (const one of this.chips) {
      const span = document.createElement("span");
      span.innerHTML = chip(one);
      if (one.look) {
        span.className = "button";
        span.addEventListener("click", () => this.onLook(0, ...one.look));
      }
      legend.append(span);
    }
    this.charts.forEach((chart, k) => {
      chart.resize();
      chart.setOption({ ...f.option, ...this.spec.option(this.worlds[k], this.hello, this.l, f) }, { notMerge: true });
    });
    this.draw();
  }

  draw() {
    this.charts.forEach((chart, k) => {
      if (!this.worlds[k].now) return;
      const update = this.spec.update(this.worlds[k], this.state, this.l);
      if (this.spec.daily) update.xAxis = Array(this.spec.daily).fill(horizon(this.worlds[k]));
      chart.setOption(update, { silent: true });
    });
  }

  close() {
    this.watch.disconnect();
    for (const chart of this.charts) chart.dispose();
  }

  picture() {
    return { chips: this.chips, l: this.l, canvases: this.charts.map((chart) => chart.renderToCanvas({ pixelRatio: 2, backgroundColor: this.l.card })) };
  }
}

class Log extends Panel {
  constructor(worlds) {
    super("log", "What happens", "What matters of each day, in words, the latest first; what you did in blue.", worlds);
    for (const place of this.places) {
      place.classList.add("entries");
      place.tabIndex = 0;
    }
    this.shown = worlds.map(() => 0);
  }

  draw() {
    this.worlds.forEach(({ log }, k) => {
      for (; this.shown[k] < log.length; this.shown[k]++) {
        const { day, words: said, grave } = log[this.shown[k]];
        const entry = document.createElement("div");
        entry.className = `entry${grave === 2 ? " grave" : ""}${said.startsWith("you ") ? " mine" : ""}`;
        entry.append(Object.assign(document.createElement("b"), { textContent: day }), Object.assign(document.createElement("span"), { textContent: said }));
        this.places[k].prepend(entry);
      }
    });
  }
}

const A_FALL = 0.2; // what is less is no fall that anybody would speak of, however quick
const GRAVITY = { calm: "", contained: "", gradual: "", correction: "warn", market_breakdown: "warn", mixed: "", recession: "bad", banking_crisis: "bad", sudden: "warn" };

class Verdict extends Panel {
  constructor(worlds) {
    super("verdict", "Verdict so far", "Judged every day by published limits, against the same draws without any spark.", worlds);
    for (const place of this.places) place.innerHTML = '<div class="labels"></div><table class="facts"><tbody></tbody></table>';
    this.said = worlds.map(() => ["", ""]);
  }

  draw() {
    this.worlds.forEach((world, k) => {
      const v = world.verdict, known = v && v.real !== undefined;
      const label = (axis, value, grave = GRAVITY[value], of = "") => `<div class="label ${grave ?? ""}"><small>${axis}</small><b>${value ? words(value) : "–"}</b>${of && `<small>${of}</small>`}</div>`;
      const fact = (name, value) => `<tr><td>${name}</td><td>${value}</td></tr>`;
      const of = (name, all) => known ? `${v[`${name}_failed`]} of ${v[all]}` : "–";
      const said = [
        label("economy", known && v.real) + label("finance", known && v.financial) + label("AI's fall", known && v.speed, v?.fall < A_FALL ? "" : undefined, known && v.speed && v.fall < A_FALL ? `but small: ${percent(v.fall)}` : ""),
        fact("AI equity's largest fall", known ? percent(v.fall) : "–") + fact("… without any spark", known ? percent(v.calm_fall) : "–") +
          fact("funds seized", of("funds", "funds")) + fact("dealers failed", of("dealers", "dealers")) + fact("banks failed", of("banks", "banks")) +
          fact("output against its trend", known ? percent(Math.expm1(v.output), 1) : "–"),
      ];
      [".labels", "tbody"].forEach((part, i) => {
        if (said[i] !== this.said[k][i]) this.places[k].querySelector(part).innerHTML = said[i];
      });
      this.said[k] = said;
    });
  }
}

// All panels, laid out anew whenever books are opened.
export function layOut(worlds, hello, onLook, onPng) {
  const place = document.getElementById("panels");
  place.innerHTML = "";
  place.className = worlds.length > 1 ? "two" : "one";
  const of = Object.fromEntries(PANELS.map((spec) => [spec.id, new Charts(spec, worlds, hello, onLook)]));
  of.verdict = new Verdict(worlds);
  of.log = new Log(worlds);
  const order = worlds.length > 1 ? ["verdict", "prices", "crowd", "lenders", "sales", "coins", "belief", "depth", "log"]
    : ["prices", "crowd", "verdict", "lenders", "sales", "log", "coins", "belief", "depth"];
  const panels = order.map((name) => of[name]);
  for (const panel of panels) {
    const png = Object.assign(document.createElement("button"), { className: "png", textContent: "PNG", title: "keep this panel as a picture" });
    png.addEventListener("click", () => onPng(panel));
    panel.element.append(png);
    place.append(panel.element);
  }
  for (const panel of panels) panel.open();
  return panels;
}
