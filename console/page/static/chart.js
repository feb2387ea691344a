// Invoiced totals per day, the two sides next to each other. Bars are drawn from rounded numbers; figures are the texts.

import { el, grouped, svg } from "/static/dom.js";

const HEIGHT = 260, LEFT = 64, BOTTOM = 28, TOP = 22;
let chosen = null;
let last = "";

export function drawTotals(totals, { plot, currencies, table }) {
  const stamp = JSON.stringify([totals, chosen, plot.clientWidth]);
  if (stamp === last) return;
  last = stamp;
  const names = Object.keys(totals);
  if (!names.includes(chosen)) chosen = busiest(totals, names);
  const focused = document.activeElement?.dataset?.currency;
  currencies.replaceChildren(...(names.length > 1 ? names : []).map((name) => {
    const button = el("button", { type: "button", "aria-pressed": String(name === chosen), "data-currency": name }, name);
    button.addEventListener("click", () => { chosen = name; drawTotals(totals, { plot, currencies, table }); });
    return button;
  }));
  if (focused) currencies.querySelector(`[data-currency="${CSS.escape(focused)}"]`)?.focus();
  const days = totals[chosen] ?? [];
  plot.replaceChildren(days.length ? bars(days, chosen, plot.clientWidth || 900) : el("p", { class: "empty" }, "No invoices have been counted yet."));
  table.replaceChildren(...figures(days, chosen));
}

const busiest = (totals, names) => names.reduce((best, name) =>
  best === null || totals[name].length > totals[best].length ? name : best, null);

function bars(days, currency, width) {
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "group", "aria-label": `Invoiced per day in ${currency}` });
  const most = Math.max(...days.flatMap((day) => [Number(day.crm.total), Number(day.erp.total)]), 1);
  const top = nice(most);
  const floor = HEIGHT - BOTTOM;
  const y = (amount) => floor - (Math.max(0, amount) / top) * (floor - TOP);
  for (let i = 0; i <= 4; i += 1) {
    const amount = (top / 4) * i;
    drawing.append(svg("line", { class: "grid", x1: LEFT, x2: width, y1: y(amount), y2: y(amount) }),
      svg("text", { x: LEFT - 8, y: y(amount) + 4, "text-anchor": "end" }, short(amount)));
  }
  const slot = Math.min(120, (width - LEFT) / days.length);
  const bar = Math.min(26, slot * 0.32);
  const every = Math.max(1, Math.ceil(52 / slot));
  days.forEach((day, i) => {
    const middle = LEFT + slot * (i + 0.5);
    const apart = !/^-?0*\.?0*$/.test(day.difference);
    const says = `${day.day}: CRM ${grouped(day.crm.total)} in ${day.crm.invoices}, ERP ${grouped(day.erp.total)} in ${day.erp.invoices} ${currency}` +
      (apart ? `, difference ${grouped(day.difference)}` : ", agreed");
    const group = svg("g", { class: "day", tabindex: "0", role: "img", "aria-label": says },
      svg("title", {}, says),
      svg("rect", { class: "hit", x: LEFT + slot * i + 1, y: TOP - 18, width: slot - 2, height: floor - TOP + 18, rx: 4 }),
      svg("rect", { class: "bar crm", x: middle - bar - 1, y: y(Number(day.crm.total)), width: bar, height: floor - y(Number(day.crm.total)), rx: 2 }),
      svg("rect", { class: "bar erp", x: middle + 1, y: y(Number(day.erp.total)), width: bar, height: floor - y(Number(day.erp.total)), rx: 2 }));
    if (apart) {
      const above = Math.min(y(Number(day.crm.total)), y(Number(day.erp.total))) - 6;
      group.append(svg("text", { class: "apart", x: middle, y: above, "text-anchor": "middle" }, "\u2260"));
    }
    if (i % every === 0) group.append(svg("text", { x: middle, y: HEIGHT - 8, "text-anchor": "middle" }, label(day.day)));
    drawing.append(group);
  });
  return drawing;
}

function figures(days, currency) {
  const head = el("tr", {}, ...["day", "CRM invoices", "CRM total", "ERP invoices", "ERP total", `difference ${currency ?? ""}`].map((name) => el("th", { scope: "col" }, name)));
  return [el("thead", {}, head), el("tbody", {}, ...[...days].reverse().map((day) => el("tr", {},
    el("td", {}, day.day), el("td", {}, day.crm.invoices), el("td", {}, grouped(day.crm.total)),
    el("td", {}, day.erp.invoices), el("td", {}, grouped(day.erp.total)),
    /^-?0*\.?0*$/.test(day.difference) ? el("td", {}, "agreed") : el("td", { class: "off-by" }, grouped(day.difference)))))];
}

function nice(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= most);
}

function short(amount) {
  if (amount >= 1e6) return `${+(amount / 1e6).toFixed(2)}M`;
  if (amount >= 1e3) return `${+(amount / 1e3).toFixed(2)}k`;
  return String(+amount.toFixed(2));
}

const label = (day) => new Date(`${day}T12:00:00`).toLocaleDateString(undefined, { day: "numeric", month: "short" });
