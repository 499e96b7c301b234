// Colours of Okabe and Ito (2008), and a lighter row of them for dark rooms; dashes and shapes tell things apart too.

const LIGHT = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a8f96"];
const DARK = ["#4ea6ea", "#ff9350", "#3fcfa2", "#eaa6cb", "#f2c14e", "#a9e2ff", "#b9bfc7"];
const DASHES = ["solid", [7, 4], [8, 3, 2, 3], [2, 2], [1, 3], [10, 3], [4, 4]];
const SHAPES = ["circle", "rect", "triangle", "diamond", "roundRect", "pin", "circle"];

export function look() {
  const dark = document.documentElement.classList.contains("dark");
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  return {
    colours: dark ? DARK : LIGHT,
    dashes: DASHES,
    shapes: SHAPES,
    ink: colour("--ink"),
    soft: colour("--soft"),
    line: colour("--line"),
    card: colour("--card"),
    bad: colour("--red"),
    size: parseFloat(style.fontSize),
  };
}

// What all charts share: no animation (the run itself moves), a tooltip, thin grey axes.
export function frame(l) {
  const text = { color: l.soft, fontSize: Math.round(l.size * 0.86) };
  const axis = {
    axisLine: { lineStyle: { color: l.line } },
    axisTick: { show: false },
    axisLabel: { ...text, hideOverlap: true },
    nameTextStyle: text,
    splitLine: { lineStyle: { color: l.line, opacity: 0.6 } },
  };
  return {
    text,
    axis,
    option: {
      animation: false,
      textStyle: { fontFamily: "inherit" },
      tooltip: {
        trigger: "item",
        confine: true,
        backgroundColor: l.card,
        borderColor: l.line,
        textStyle: { color: l.ink, fontSize: Math.round(l.size * 0.92) },
        transitionDuration: 0,
      },
    },
  };
}

// Marks of 24 by 12, as the path of an SVG: legends have them, on the page and in pictures that are kept.
export const MARKS = {
  area: "M3 1H21V11H3Z",
  circle: "M7 6A5 5 0 1 0 17 6A5 5 0 1 0 7 6Z",
  rect: "M7 1H17V11H7Z",
  roundRect: "M10 1H14Q17 1 17 4V8Q17 11 14 11H10Q7 11 7 8V4Q7 1 10 1Z",
  triangle: "M12 0L18 11H6Z",
  diamond: "M12 0L18 6L12 12L6 6Z",
  pin: "M12 12C6 5 8 0 12 0S18 5 12 12Z",
  mark: "M4 4H20V8H4Z",
};

export function chip(one) {
  const dash = Array.isArray(one.dash) ? one.dash.join(" ") : "";
  const mark = {
    line: `<line x1="0" y1="6" x2="24" y2="6" stroke="${one.colour}" stroke-width="${one.thin ? 1 : 3}" stroke-dasharray="${dash}"/>`,
    hollow: `<circle cx="12" cy="6" r="4.5" fill="none" stroke="${one.colour}" stroke-width="2"/>`,
  }[one.mark] ?? `<path d="${MARKS[one.mark]}" fill="${one.colour}"/>`;
  return `<svg viewBox="0 0 24 12" aria-hidden="true">${mark}</svg>${one.name}`;
}
