// The books: days as plots, and one day down to its documents, of which each leads to its explanation.

import { agreed, busiest, drawCurrencies, drawDifferences, drawFigures, drawTotals, label } from "/static/chart.js";
import { el, fill, money, plural, when } from "/static/dom.js";
import { listen, search, theme } from "/static/head.js";
import { drawVariances } from "/static/lists.js";
import { chip, link, sentence } from "/static/words.js";

const at = (id) => document.getElementById(id);
let asked = new URLSearchParams(location.search);
let found = {};
let drawn = "";
let shown = "";

const currency = () => (asked.get("currency") in found ? asked.get("currency") : busiest(found));

function headline() {
  const all = Object.values(found).flat();
  const apart = all.filter((day) => !agreed(day));
  const open = all.reduce((sum, day) => sum + day.open, 0);
  at("headline").textContent = !all.length ? "No invoices have been counted yet."
    : apart.length ? `${plural(apart.length, "day differs", "days differ")}.` : "All days agree.";
  at("subline").textContent = all.length ? `${plural(all.length, "day")} in ${plural(Object.keys(found).length, "currency", "currencies")}, ${plural(open, "open variance")}` : "";
}

function draw() {
  const name = currency();
  const days = found[name] ?? [];
  const day = asked.get("day") ?? "";
  headline();
  drawCurrencies(at("currencies"), Object.keys(found), name, (picked) => go({ currency: picked }));
  drawTotals(at("plot"), days, name, day);
  drawDifferences(at("gap-plot"), days, name, day);
  drawFigures(at("totals-table"), days, name);
}

function go(to) {
  asked = new URLSearchParams(to);
  history.replaceState(null, "", `?${asked}`);
  shown = "";
  at("day").hidden = !asked.get("day");
  draw();
  drawDay();
}

async function drawDay() {
  const day = asked.get("day");
  if (!day) {
    at("day").hidden = at("problem").hidden = true;
    return;
  }
  const answer = await fetch(`/api/day?${new URLSearchParams({ day, currency: currency() ?? "" })}`);
  const text = await answer.text();
  if (text === shown) return;
  shown = text;
  const one = JSON.parse(text);
  at("problem").hidden = answer.ok;
  at("problem").textContent = sentence(one.error);
  at("day").hidden = !answer.ok;
  if (answer.ok) drawOne(one);
}

function drawOne(one) {
  const { totals, documents } = one;
  at("day-title").textContent = `${label(one.day, true)}, ${one.currency}`;
  at("day-hint").textContent = !totals ? "nothing was invoiced" : agreed(totals) ? "both sides agree" : `differs by ${money(totals.difference, one.currency)}`;
  at("sides").replaceChildren(...["crm", "erp"].map((side) => el("p", { class: side },
    el("span", {}, side.toUpperCase()), " ", el("b", {}, money(totals?.[side].total ?? "0", one.currency)), " ",
    el("span", { class: "detail" }, `in ${plural(totals?.[side].invoices ?? 0, "invoice")}`))));
  at("day-signed").hidden = !one.signed.length;
  at("day-signed").replaceChildren(...one.signed.flatMap((each) => [`Signed by ${each.who}, `, when(each.at), each.why ? `: ${each.why}` : ""]));
  drawVariances(at("variance-list"), { open: one.variances, closed: [] }, "None on this day.");
  at("documents-title").textContent = one.of > documents.length ? `Documents, ${documents.length} of ${one.of}` : "Documents";
  at("no-documents").hidden = documents.length > 0;
  at("document-table").hidden = !documents.length;
  at("document-table").replaceChildren(
    el("thead", {}, el("tr", {}, ...["document", "customer", "CRM", "ERP", "difference"].map((name) => el("th", { scope: "col", class: name === "customer" ? "text" : "" }, name)))),
    el("tbody", {}, ...documents.map((each) => el("tr", {},
      el("td", {}, link(each.record, each.number)), el("td", { class: "text" }, each.customer),
      el("td", {}, money(each.crm, one.currency)), el("td", {}, money(each.erp, one.currency)),
      el("td", each.agreed ? {} : { class: "off-by" }, each.agreed ? "agreed" : money(each.difference, one.currency))))));
}

async function drawNights() {
  const answer = await fetch("/api/nights");
  if (!answer.ok) return;
  const nights = await answer.json();
  at("nights").hidden = !nights.length;
  fill(at("night-list"), nights, (item) => JSON.stringify(item), (item) => el("li", {},
    el("span", { class: "name" }, label(item.night, true)),
    el("span", { class: "right" }, item.signed ? "signed" : "not signed"),
    item.says ? el("span", { class: "detail whole" }, when(item.at), ` ${item.says}`) : null,
    item.signed ? el("span", { class: "detail whole" }, `Signed by ${item.signed}.`) : null,
    item.changed.length ? el("span", { class: "whole" }, chip("refused", "changed since it was signed"), ` ${sentence(item.changed.join("; "))}`) : null,
    item.differs || item.changed.length ? el("span", { class: "whole detail" }, "Next: ", el("code", {}, `revmark reconcile --night ${item.night}`)) : null));
}

async function read() {
  const answer = await fetch("/api/books");
  const text = await answer.text();
  if (answer.ok && text !== drawn) {
    drawn = text;
    found = JSON.parse(text);
    draw();
  }
  await Promise.all([drawNights(), drawDay()]);
}

// A day of the plots or of the table, without loading the page again.
document.addEventListener("click", (event) => {
  const to = event.target.closest?.("a[href^='/books?']");
  if (!to || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const query = new URL(to.getAttribute("href"), location.href).searchParams;
  go(Object.fromEntries(query));
  at("day").focus();
});

theme(at("theme"));
search(at("find"));
await read();
listen(read);
addEventListener("resize", draw);
