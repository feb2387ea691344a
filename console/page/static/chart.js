// Days as plots: both sides' totals next to each other, and what is between them. Bars are drawn from rounded numbers;
// figures are the texts. A day is a link: to its documents.

import { el, money, plural, svg } from "/static/dom.js";

const LEFT = 64, BOTTOM = 28, TOP = 22;
export const agreed = (day) => /^-?0*\.?0*$/.test(day.difference);
export const dayLink = (day, currency) => `/books?${new URLSearchParams({ day, currency })}#day`;
export const label = (day, year) => new Date(`${day}T12:00:00`).toLocaleDateString(undefined, { day: "numeric", month: "short", ...(year ? { year: "numeric" } : {}) });

// One button for each currency; `pick` hears which.
export function drawCurrencies(place, names, chosen, pick) {
  if (!changed(place, [names, chosen])) return;
  const focused = document.activeElement?.dataset?.currency;
  place.replaceChildren(...(names.length > 1 ? names : []).map((name) => {
    const button = el("button", { type: "button", "aria-pressed": String(name === chosen), "data-currency": name }, name);
    button.addEventListener("click", () => pick(name));
    return button;
  }));
  if (focused) place.querySelector(`[data-currency="${CSS.escape(focused)}"]`)?.focus();
}

// The currency with the most days, where nobody has chosen one.
export const busiest = (totals) => Object.keys(totals).reduce((best, name) =>
  best === null || totals[name].length > totals[best].length ? name : best, null);

export function drawTotals(plot, days, currency, selected = "") {
  redraw(plot, [days, currency, selected], () => bars(days, currency, selected, plot.clientWidth || 900));
}

export function drawDifferences(plot, days, currency, selected = "") {
  redraw(plot, [days, currency, selected], () => gaps(days, currency, selected, plot.clientWidth || 900));
}

// Whether something else is to be drawn there than there is: what stays keeps the focus, and a reader's place in it.
function changed(place, what) {
  const stamp = JSON.stringify(what);
  if (place.dataset.stamp === stamp) return false;
  place.dataset.stamp = stamp;
  return true;
}

function redraw(plot, what, make) {
  if (!changed(plot, [...what, plot.clientWidth])) return;
  const held = plot.contains(document.activeElement) ? document.activeElement.dataset.day : null;
  plot.replaceChildren(what[0].length ? make() : el("p", { class: "empty" }, "No invoices have been counted yet."));
  if (held) plot.querySelector(`[data-day="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
}

function says(day, currency) {
  const sides = `${label(day.day, true)}: CRM ${money(day.crm.total, currency)} in ${day.crm.invoices}, ERP ${money(day.erp.total, currency)} in ${day.erp.invoices} ${currency}`;
  const open = day.open ? `, ${plural(day.open, "open variance")}` : "";
  return `${sides}${agreed(day) ? ", agreed" : `, difference ${money(day.difference, currency)}`}${open}`;
}

// The frame of a plot: a slot for each day, of which the arrow keys reach all and the tab key one.
function frame(days, currency, selected, { width, height, name, draw }) {
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${name} in ${currency}; arrow keys move from day to day` });
  const slot = Math.min(120, (width - LEFT) / days.length);
  const every = Math.max(1, Math.ceil(64 / slot)); // pixels: a label and the bit that the last one is moved by, to stay on the drawing
  const open = days.some((day) => day.day === selected) ? selected : days.at(-1).day;
  const links = days.map((day, i) => {
    const middle = LEFT + slot * (i + 0.5);
    const link = svg("a", {
      class: `day${day.day === selected ? " chosen" : ""}`, href: dayLink(day.day, currency), tabindex: day.day === open ? "0" : "-1",
      "data-day": day.day, "aria-label": says(day, currency), "aria-current": day.day === selected ? "true" : null,
    }, svg("title", {}, says(day, currency)),
    svg("rect", { class: "hit", x: LEFT + slot * i + 0.5, y: 2, width: Math.max(1, slot - 1), height: height - BOTTOM - 2, rx: 4 }),
    ...draw(day, middle, slot));
    if ((days.length - 1 - i) % every === 0) link.append(svg("text", { x: Math.min(middle, width - 22), y: height - 8, "text-anchor": "middle" }, label(day.day)));
    return link;
  });
  drawing.append(...links);
  drawing.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = step ? links[links.indexOf(document.activeElement) + step] : { Home: links[0], End: links.at(-1) }[event.key];
    if (!next) return;
    event.preventDefault();
    for (const link of links) link.setAttribute("tabindex", link === next ? "0" : "-1");
    next.focus();
  });
  return drawing;
}

function lines(drawing, amounts, y, width) {
  drawing.prepend(...amounts.flatMap((amount) => [
    svg("line", { class: amount ? "grid" : "grid zero", x1: LEFT, x2: width, y1: y(amount), y2: y(amount) }),
    svg("text", { x: LEFT - 8, y: y(amount) + 4, "text-anchor": "end" }, short(amount))]));
  return drawing;
}

function bars(days, currency, selected, width) {
  const height = 260, floor = height - BOTTOM;
  const top = nice(Math.max(...days.flatMap((day) => [Number(day.crm.total), Number(day.erp.total)]), 1));
  const y = (amount) => floor - (Math.max(0, amount) / top) * (floor - TOP);
  const draw = (day, middle, slot) => {
    const bar = Math.max(1, Math.min(26, slot * 0.32));
    const parts = [["crm", middle - bar - 0.5], ["erp", middle + 0.5]].map(([side, x]) => {
      const at = y(Number(day[side].total));
      return svg("rect", { class: `bar ${side}`, x, y: at, width: bar, height: floor - at, rx: Math.min(2, bar / 2) });
    });
    if (agreed(day)) return parts;
    const above = Math.min(y(Number(day.crm.total)), y(Number(day.erp.total))) - 6;
    return [...parts, svg("text", { class: "apart", x: middle, y: above, "text-anchor": "middle" }, "\u2260")];
  };
  const drawing = frame(days, currency, selected, { width, height, name: "Invoiced per day", draw });
  return lines(drawing, [0, 1, 2, 3, 4].map((i) => (top / 4) * i), y, width);
}

function gaps(days, currency, selected, width) {
  const height = 150, floor = height - BOTTOM, middleLine = (floor + 8) / 2;
  const top = nice(Math.max(...days.map((day) => Math.abs(Number(day.difference))), 1));
  const y = (amount) => middleLine - (amount / top) * (middleLine - 12);
  const draw = (day, middle, slot) => {
    if (agreed(day)) return [svg("circle", { class: "even", cx: middle, cy: y(0), r: Math.min(2.5, slot / 3) })];
    const gap = Number(day.difference), bar = Math.max(2, Math.min(26, slot * 0.5));
    const at = Math.min(y(gap), y(0));
    return [svg("rect", { class: "gap", x: middle - bar / 2, y: at, width: bar, height: Math.max(2, Math.abs(y(gap) - y(0))), rx: 2 })];
  };
  const drawing = frame(days, currency, selected, { width, height, name: "Difference per day, CRM less ERP", draw });
  return lines(drawing, [-top, 0, top], y, width);
}

export function drawFigures(table, days, currency) {
  if (changed(table, [days, currency])) table.replaceChildren(...figures(days, currency));
}

function figures(days, currency) {
  const head = el("tr", {}, ...["day", "CRM invoices", "CRM total", "ERP invoices", "ERP total", `difference ${currency ?? ""}`].map((name) => el("th", { scope: "col" }, name)));
  return [el("thead", {}, head), el("tbody", {}, ...[...days].reverse().map((day) => el("tr", {},
    el("td", {}, el("a", { href: dayLink(day.day, currency) }, day.day)), el("td", {}, day.crm.invoices), el("td", {}, money(day.crm.total, currency)),
    el("td", {}, day.erp.invoices), el("td", {}, money(day.erp.total, currency)),
    agreed(day) ? el("td", {}, "agreed") : el("td", { class: "off-by" }, money(day.difference, currency)))))];
}

function nice(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= most);
}

function short(amount) {
  const size = Math.abs(amount), sign = amount < 0 ? "\u2212" : "";
  if (size >= 1e6) return `${sign}${+(size / 1e6).toFixed(2)}M`;
  if (size >= 1e3) return `${sign}${+(size / 1e3).toFixed(2)}k`;
  return sign + String(+size.toFixed(2));
}
