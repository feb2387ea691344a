// Fact sheets: where the systems drift apart, the worst first; a sheet with the owner of each fact; JSON-LD to save.

import { el, fill, grouped, options, plural, reading, unhurried } from "/static/dom.js";
import { listen, search, theme } from "/static/head.js";
import { chip, link, sentence } from "/static/words.js";

const at = (id) => document.getElementById(id);
const one = new URLSearchParams(location.search).get("record") ?? "";
const SIDES = { crm: "CRM", erp: "ERP" };
const SAID = {
  contradiction: "the owner is contradicted", unsettled: "nobody may settle it alone", variant: "written in two ways",
  missing: "one system lacks it",
};
const COUNTED = new Set(["contradiction", "variant"]);
let asked = new URLSearchParams(location.search);

const sheetLink = (record, text) => el("a", { href: `/facts?record=${encodeURIComponent(record)}` }, text);
const shown = (value) => value ?? "\u2013";

function drift(each) {
  const sides = Object.entries(SIDES).filter(([side]) => each[side] !== null).flatMap(([side, name], i) =>
    [i ? " \u00b7 " : "", el("span", { class: side }, `${name}: ${each[side]}`)]);
  const other = each.also && each.also !== one ? sheetLink(each.also, "the other sheet") : each.also ? sheetLink(each.record, "the other sheet") : link(each.record, "why");
  return el("li", {},
    el("span", { class: "name" }, one ? each.fact : sheetLink(each.record, each.label), one ? "" : ` \u00b7 ${each.fact}`, " ", chip(each.kind)),
    el("span", { class: "right" }, other),
    el("span", { class: "detail whole" }, each.says, each.owner && ["variant", "missing"].includes(each.kind) ? `; ${each.owner} decides` : ""),
    sides.length ? el("span", { class: "detail whole" }, ...sides) : null);
}

function drawDrifts(found, empty) {
  fill(at("drift-list"), found, (each) => `${each.record} ${each.fact} ${each.kind} ${each.also}`, drift, empty);
}

function saves(query) {
  const href = (more) => `/api/facts.jsonld?${new URLSearchParams({ ...query, ...more })}`;
  return [el("a", { class: "button", href: href({}), download: "" }, "Save as JSON-LD"),
    el("a", { href: href({ ids: "yes" }), download: "" }, "with the platforms' ids")];
}

function drawSheet(found) {
  const { drifts } = found;
  document.title = `${found.label} \u00b7 Facts \u00b7 Revmark`;
  at("headline").textContent = found.label;
  at("subline").textContent = `${found.entity}, ${plural(found.facts.length, "fact")}, ${drifts.length ? `${plural(drifts.length, "of them drifts", "drifts")}` : "none of them drifts"}`;
  at("sheet").hidden = false;
  const heads = ["fact", "value", "owner", "CRM", "ERP", "why"];
  at("fact-table").replaceChildren(
    el("thead", {}, el("tr", {}, ...heads.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...found.facts.map((each) => el("tr", {},
      el("td", {}, each.fact),
      el("td", { "data-name": "value" }, each.settled ? shown(each.value) : chip("unsettled", "not settled")),
      el("td", { "data-name": "owner" }, each.owner),
      el("td", { class: "crm", "data-name": "CRM" }, shown(each.crm)),
      el("td", { class: "erp", "data-name": "ERP" }, shown(each.erp)),
      el("td", { class: "why" }, each.why)))));
  const refs = Object.keys(found.refs).length ? [link(found.record, "Explain the record")] : [];
  const left = found.unsettled ? [el("span", { class: "hint" }, `${plural(found.unsettled, "fact")} that nobody has settled is left out`)] : [];
  at("sheet-links").replaceChildren(...saves({ record: found.record }), ...refs, el("a", { href: "/facts" }, "All fact sheets"), ...left);
  at("drifts-hint").textContent = "";
  drawDrifts(drifts, "Both systems say the same.");
  at("command").textContent = `revmark facts show ${found.record}`;
}

function drawAll(found) {
  const { counts } = found;
  const sum = Object.values(counts).reduce((all, each) => all + each, 0);
  const worst = counts.contradiction + counts.unsettled;
  at("headline").textContent = worst ? `${plural(worst, "fact is", "facts are")} contradicted.` : sum ? "Nothing is contradicted." : "Nothing drifts.";
  at("subline").textContent = found.kinds.map((kind) => `${grouped(String(counts[kind]))} ${kind}${COUNTED.has(kind) && counts[kind] !== 1 ? "s" : ""}`).join(" \u00b7 ");
  at("drifts-hint").textContent = found.drifts_of > found.drifts.length ? `the worst ${found.drifts.length} of ${found.drifts_of.toLocaleString("en")}` : "the worst first";
  at("type").value = found.type;
  options(at("kind"), ["", ...found.kinds], found.kind, (kind) => (kind ? `${kind}: ${SAID[kind]}` : "any"));
  if (document.activeElement !== at("name")) at("name").value = found.name;
  drawDrifts(found.drifts, "None.");
  at("sheets-hint").textContent = found.sheets_of > found.sheets.length ? `the first ${found.sheets.length} of ${found.sheets_of.toLocaleString("en")}` : plural(found.sheets_of, "sheet");
  fill(at("sheet-list"), found.sheets, (each) => each.record, (each) => el("li", {},
    el("span", { class: "name" }, sheetLink(each.record, each.label)),
    el("span", { class: "right" }, each.worst ? chip(each.worst, plural(each.drifts, "drift")) : ""),
    el("span", { class: "detail whole" }, each.record === "seller" ? "the seller, as the contract states it" : `${each.entity} \u00b7 ${each.record}`)), "None is called so.");
  at("all-links").replaceChildren(...saves(found.type ? { type: found.type } : {}));
  at("command").textContent = ["revmark facts", found.type && `--type ${found.type}`].filter(Boolean).join(" ");
}

const read = reading(() => (one ? `/api/sheet?${new URLSearchParams({ record: one })}` : `/api/facts?${asked}`), (found, ok) => {
  at("problem").hidden = ok;
  at("problem").textContent = sentence(found.error);
  at("drifts").hidden = !ok;
  if (!ok) at("headline").textContent = one || "Facts";
  else if (one) drawSheet(found);
  else drawAll(found);
});

function wish() {
  asked = new URLSearchParams([...new FormData(at("wish"))].filter(([, value]) => value));
  history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
  read();
}

at("wish").hidden = at("sheets").hidden = Boolean(one);
at("wish").addEventListener("input", wish);
at("wish").addEventListener("submit", (event) => event.preventDefault());
theme(at("theme"));
search(at("find"));
await read();
listen(unhurried(read));
