// Elements from data. Text is only ever set as text: no string is parsed as markup anywhere on this page.

const SVG = "http://www.w3.org/2000/svg";

export function el(name, attributes = {}, ...children) {
  return build(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, name), attributes, children);
}

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== "") node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined).map((child) =>
    child instanceof Node ? child : document.createTextNode(String(child))));
  return node;
}

// Lists keep the elements they can, so that an open row stays open and the focus stays where it is. What somebody has
// begun to fill in is left alone, whatever has come since.
export function fill(list, items, key, make, empty, marks = true) {
  const old = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const first = !marks || !list.dataset.filled;
  let lost = null;
  const nodes = items.map((item) => {
    const name = key(item);
    const stamp = JSON.stringify(item);
    const known = old.get(name);
    if (known && (known.stamp === stamp || known.querySelector("form.dirty"))) return known;
    const node = make(item);
    node.dataset.key = name;
    node.stamp = stamp;
    if (!first) node.classList.add("fresh");
    if (known && known.querySelector("details[open]")) node.querySelector("details")?.setAttribute("open", "");
    if (known?.contains(document.activeElement)) lost = node;
    return node;
  });
  if (!items.length) nodes.push(Object.assign(el("li", { class: "empty" }, empty), { stamp: "" }));
  let spot = list.firstChild;
  for (const node of nodes) {
    if (node === spot) spot = spot.nextSibling;
    else list.insertBefore(node, spot);
  }
  while (spot) {
    const next = spot.nextSibling;
    spot.remove();
    spot = next;
  }
  lost?.querySelector("summary, a, button")?.focus({ preventScroll: true });
  list.dataset.filled = "yes";
}

// What a list offers; one that somebody has open stays as it is.
export function options(select, values, chosen, name = (value) => value) {
  if (document.activeElement === select) return;
  select.replaceChildren(...values.map((value) => el("option", { value, ...(value === chosen ? { selected: "selected" } : {}) }, name(value))));
}

// Reads JSON and hands on what is new, and whether it was answered. Of two readings under way the later one counts.
export function reading(address, draw) {
  let latest = 0;
  let drawn = "";
  return async () => {
    const turn = latest += 1;
    const answer = await fetch(address());
    const text = await answer.text();
    if (turn !== latest || text === drawn) return;
    drawn = text;
    draw(JSON.parse(text), answer.ok);
  };
}

// For what is read at every push: not again before the last answer has come, which may take the server long.
export function unhurried(read) {
  let under = false;
  return async () => {
    if (under) return;
    under = true;
    try { await read(); } finally { under = false; }
  };
}

// "1234567.50" -> "1,234,567.50", without ever becoming a float.
export function grouped(text) {
  if (text === null || text === undefined) return "\u2013";
  const [, sign, whole, rest] = /^(-?)(\d+)(.*)$/.exec(text) ?? [null, "", text, ""];
  return (sign ? "\u2212" : "") + whole.replace(/\B(?=(\d{3})+$)/g, ",") + rest;
}

// The same with at least the digits that the currency has.
export function money(text, currency) {
  if (text === null || text === undefined) return "\u2013";
  let digits = 2;
  try { digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits; } catch { /* no currency that is known */ }
  const [whole, rest = ""] = text.split(".");
  return grouped(digits || rest ? `${whole}.${rest.padEnd(digits, "0")}` : whole);
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });

export function when(text) {
  const moment = new Date(text);
  const today = moment.toDateString() === new Date().toDateString();
  return el("time", { datetime: text, title: text }, (today ? clock : date).format(moment));
}

export const words = (text) => text.replaceAll("_", " ");
export const plural = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
