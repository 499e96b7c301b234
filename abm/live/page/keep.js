// What can be kept: a panel as a picture with its sentence, and files that the server sends.

import { look, MARKS } from "./look.js";

export function save(name, blob) {
  const link = Object.assign(document.createElement("a"), { download: name, href: URL.createObjectURL(blob) });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const sum = (found, name) => found.reduce((total, one) => total + one[name], 0);

// Break a text into lines that fit.
function lines(pen, text, width) {
  const found = [""];
  for (const word of text.split(" ")) {
    const longer = found.at(-1) ? `${found.at(-1)} ${word}` : word;
    if (pen.measureText(longer).width <= width || !found.at(-1)) found[found.length - 1] = longer;
    else found.push(word);
  }
  return found;
}

export function savePanel(panel, file, day) {
  const picture = panel.picture?.();
  const l = picture?.l ?? look();
  const size = 26, edge = 24;
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  const width = Math.max(sum(picture?.canvases ?? [], "width"), 900) + 2 * edge;
  const texts = [];
  const write = (text, font, colour) => {
    pen.font = font;
    for (const one of lines(pen, text, width - 2 * edge)) texts.push([one, font, colour]);
  };
  const family = getComputedStyle(document.body).fontFamily;
  const captions = [...panel.element.querySelectorAll(".caption")].map((one) => one.textContent);
  const beside = captions.length > 1 ? `; left ${captions[0]}, right ${captions[1]}` : "";
  write(`${panel.title}, day ${day}${picture ? beside : ""}`, `bold ${size}px ${family}`, l.ink);
  write(panel.about.replace(/ Click one\.$/, ""), `${size * 0.8}px ${family}`, l.soft);
  if (!picture) {
    for (const half of panel.element.querySelectorAll(".half")) {
      const rows = [...half.querySelectorAll(".entry, .label, tr")].slice(0, 40);
      for (const text of [half.querySelector(".caption")?.textContent ?? "", ...rows.map((row) => [...row.children].map((part) => part.textContent).join("   "))]) {
        if (text) write(text, `${size * 0.8}px ${family}`, l.ink);
      }
    }
  }
  const chips = picture?.chips ?? [];
  pen.font = `${size * 0.75}px ${family}`;
  let x = edge, chipLines = chips.length ? 1 : 0;
  const placed = chips.map((one) => {
    const long = pen.measureText(one.name).width + 50;
    if (x + long > width - edge) [x, chipLines] = [edge, chipLines + 1];
    const at = [x, chipLines];
    x += long;
    return at;
  });
  const head = edge + texts.length * size * 1.25;
  const below = head + chipLines * size * 1.1;
  canvas.width = width;
  canvas.height = below + (picture?.canvases[0].height ?? 0) + edge;
  pen.fillStyle = l.card;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.textBaseline = "top";
  texts.forEach(([text, font, colour], k) => {
    pen.font = font;
    pen.fillStyle = colour;
    pen.fillText(text, edge, edge + k * size * 1.25);
  });
  pen.font = `${size * 0.75}px ${family}`;
  chips.forEach((one, k) => {
    const [left, row] = placed[k], top = head + (row - 1) * size * 1.1;
    pen.strokeStyle = pen.fillStyle = one.colour;
    if (one.mark === "line") {
      pen.lineWidth = 5;
      pen.setLineDash(Array.isArray(one.dash) ? one.dash.map((x) => 1.4 * x) : []);
      pen.beginPath();
      pen.moveTo(left, top + size / 2);
      pen.lineTo(left + 30, top + size / 2);
      pen.stroke();
    } else {
      pen.save();
      pen.translate(left - 2, top + 3);
      pen.scale(1.5, 1.5);
      pen.lineWidth = 2;
      pen.setLineDash([]);
      if (one.mark === "hollow") pen.stroke(new Path2D(MARKS.circle));
      else pen.fill(new Path2D(MARKS[one.mark]));
      pen.restore();
    }
    pen.fillStyle = l.ink;
    pen.fillText(one.name, left + 36, top + 2);
  });
  let left = edge;
  for (const one of picture?.canvases ?? []) {
    pen.drawImage(one, left, below);
    left += one.width;
  }
  canvas.toBlob((blob) => save(file, blob), "image/png");
}
