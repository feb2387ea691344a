// What earned a month's revenue: shares by customer, deal, product or what the contract names, and the proof that it is all of it.

import { el, money, options, plural, reading, svg, unhurried } from "/static/dom.js";
import { listen, search, theme } from "/static/head.js";
import { chip, link, sentence } from "/static/words.js";

const at = (id) => document.getElementById(id);
const HEADS = { posted: ["invoices", "invoiced", "credited"], cash: ["payments", "received", "refunded"] };
let asked = Object.fromEntries(new URLSearchParams(location.search));

const monthName = (month) => new Date(`${month}-15T12:00:00`).toLocaleDateString(undefined, { month: "long", year: "numeric" });

// A bar beside a figure, as long as its part of the largest; figures are the texts.
function bar(share, most) {
  const part = most > 0 ? Math.max(0, Number(share.net)) / most : 0;
  return el("td", { class: "part" }, svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "bar erp", x: 0, y: 0, width: Math.max(part * 100, 0.5), height: 10 })));
}

// What the proofs come to: of a month's invoices, or of its money, as far as that was counted at the ERP.
const PROVEN = {
  posted: { agreed: "its invoices are all accounted for, to the minor unit", differs: "not all of its invoices are accounted for yet" },
  cash: { agreed: "its money is all accounted for, to the minor unit", differs: "its money is not what the ERP listed",
    unread: "not all of its money was counted at the ERP yet" },
};

function table(found, total) {
  const shares = found.shares.filter((each) => each.currency === total.currency);
  const most = Math.max(...shares.map((each) => Number(each.net)), 0);
  const heads = HEADS[found.basis];
  const figures = (each) => [el("td", {}, each.documents.toLocaleString("en")), ...["counted", "deducted"].map((name) => el("td", {}, money(each[name], each.currency)))];
  const net = (each) => el("td", {}, money(each.net, each.currency));
  const named = (each) => (!each.id ? "(none)" : ["customer", "deal"].includes(found.by) ? link(each.id, each.name || each.id) : each.name || each.id);
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Shares in ${total.currency}` }, el("table", {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, total.currency), el("th", { scope: "col" }, "net"), el("td", {}), ...heads.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...shares.map((each) => el("tr", {}, el("td", { class: "text" }, named(each)), net(each), bar(each, most), ...figures(each)))),
    el("tfoot", {}, el("tr", {}, el("td", {}, "all"), net(total), el("td", {}), ...figures(total)))));
}

function draw(found) {
  const state = ["differs", "unread"].find((word) => found.proof.some((each) => each.state === word)) ?? "agreed";
  at("headline").textContent = found.month ? monthName(found.month) : "No invoices have been counted yet.";
  at("subline").textContent = found.totals.map((each) => `${money(each.net, each.currency)} ${each.currency}`).join(" \u00b7 ") || (found.month ? "Nothing." : "");
  at("shares-hint").textContent = found.month ? `${plural(found.shares.length, "share")}; ${PROVEN[found.basis][state]}` : "";
  options(at("month"), found.months.includes(found.month) || !found.month ? found.months : [found.month, ...found.months], found.month, monthName);
  options(at("by"), found.fields, found.by, (name) => name.replace(".", ", ").replaceAll("_", " "));
  at("basis").value = found.basis;
  at("tables").replaceChildren(...found.totals.map((total) => table(found, total)));
  at("proof").replaceChildren(...found.proof.map((each) => el("li", {}, chip(each.state), " ", each.says)));
  at("command").textContent = `revmark attribution --month ${found.month || "YYYY-MM"} --by ${found.by.replace(".", " --model ")} --basis ${found.basis}`;
}

const read = reading(() => `/api/attribution?${new URLSearchParams(asked)}`, (found, ok) => {
  at("problem").hidden = ok;
  at("problem").textContent = sentence(found.error);
  at("shares").hidden = !ok;
  if (ok) draw(found);
  else at("headline").textContent = "Earnings";
});

at("wish").addEventListener("change", () => {
  asked = Object.fromEntries(new FormData(at("wish")));
  history.replaceState(null, "", `?${new URLSearchParams(asked)}`);
  read();
});
theme(at("theme"));
search(at("find"));
await read();
listen(unhurried(read));
