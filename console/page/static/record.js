// A record's page: one explanation from the server, drawn again whenever something has moved.

import { el, fill, plural, when, words } from "/static/dom.js";
import { listen, search, theme } from "/static/head.js";
import { chip, link, platform, sentence } from "/static/words.js";

const at = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search).get("record") ?? "";
const SIDES = { crm: "CRM", erp: "ERP" };
const DECIDES = {
  crm: "the CRM", erp: "the ERP", newest: "the later edit", review: "a person", merge: "both", waits: "not known yet",
  nobody: "nobody", unknown: "?",
};
let drawn = "";

function value(found) {
  if (found === null || found === undefined || found === "") return "\u2013";
  if (typeof found === "boolean") return found ? "yes" : "no";
  if (Array.isArray(found)) return found.map(value).join("; ") || "\u2013";
  if (typeof found === "object") {
    if ("quantity" in found) return `${found.quantity} \u00d7 ${found.sku || found.description || "?"} at ${found.unit_price}`;
    return Object.values(found).filter((part) => part !== null && part !== "").map(value).join(", ") || "\u2013";
  }
  return String(found);
}

function pair(list, name, kind, ...content) {
  list.append(el("dt", { class: kind }, name), el("dd", {}, ...content));
}

function drawAbout(found) {
  const list = el("dl", { class: "about", id: "about" });
  for (const [side, name] of Object.entries(SIDES)) {
    const shown = found.sides[side];
    pair(list, name, side, shown ? `${platform(shown.platform)} ${shown.ref}` : "not there", shown?.deleted ? ", deleted" : "",
      shown?.modified ? ", as of " : "", shown?.modified ? when(shown.modified) : "");
  }
  const customer = found.customer;
  if (customer) {
    const ordered = customer.ordered ? "has ordered" : customer.settled ? "prospect" : "not known whether it ordered";
    const hold = customer.on_hold === null ? "hold not known" : customer.on_hold ? "on credit hold" : "not on hold";
    const agreed = { true: ", has given consent", false: ", no consent" }[customer.consent] ?? "";
    const named = customer.record === found.record ? [] : [link(customer.record, customer.label), ", "];
    pair(list, "customer", "", ...named, `${ordered}, ${hold}${agreed}`);
  }
  for (const other of found.related) {
    if (other.role !== "company") pair(list, words(other.role), "", link(other.record, other.label));
  }
  for (const role of new Set(found.holds.map((part) => part.role))) {
    const parts = found.holds.filter((part) => part.role === role);
    pair(list, `${words(role)}s`, "", ...parts.flatMap((part, i) => [i ? ", " : "", link(part.record, part.label)]));
  }
  if (["company", "product"].includes(found.entity)) pair(list, "facts", "", el("a", { href: `/facts?record=${encodeURIComponent(found.record)}` }, "fact sheet"));
  const agreed = found.contract;
  pair(list, "contract", "", agreed ? `${agreed.name}, ${agreed.file}, digest ${agreed.digest}` : found.problem);
  if (agreed?.others.length) pair(list, "", "", `some verdicts were given under another: ${agreed.others.join(", ")}`);
  at("about").replaceWith(list);
}

function drawStanding(standing) {
  at("standing").hidden = !standing.length;
  at("standing-list").replaceChildren(...standing.map((each) => el("li", {},
    chip(each.state), " ", each.field ? `${words(each.field)}: ` : "", each.says,
    each.then ? el("span", { class: "detail" }, each.then) : null,
    el("code", { class: "detail" }, each.next))));
}

function why(owner, main) {
  const line = owner.contract;
  const said = el("td", { class: "why" }, owner.why);
  if (line) {
    const file = !line.file || line.file === main ? "" : `${line.file}, `;
    const place = line.line ? `${file}line ${line.line}` : line.path;
    said.append(el("code", {}, line.written ? `${place}: ${line.text}` : `${place}: ${line.path} by default`));
  }
  return said;
}

const there = (found) => value(found) !== "\u2013";

function state(each) {
  const sides = Object.keys(each.on_its_way).map((side) => SIDES[side]);
  return chip(each.state, sides.length ? `on its way to the ${sides.join(", ")}` : undefined);
}

function drawFields(fields, main) {
  at("fields").hidden = !fields.length;
  const heads = ["field", "CRM", "ERP", "agreed on", "stands", "decides", "why"];
  const shown = fields.filter((each) => each.owner.decides !== "nobody" || each.ever_agreed || [each.crm, each.erp].some(there));
  at("field-table").replaceChildren(
    el("thead", {}, el("tr", {}, ...heads.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...shown.map((each) => el("tr", {},
      el("td", {}, words(each.field)),
      el("td", { class: "crm", "data-name": "CRM" }, value(each.crm)),
      el("td", { class: "erp", "data-name": "ERP" }, value(each.erp)),
      el("td", { "data-name": "agreed on" }, each.ever_agreed ? value(each.agreed) : "never"),
      el("td", { "data-name": "stands" }, state(each)),
      el("td", { "data-name": "decides" }, DECIDES[each.owner.decides]),
      why(each.owner, main)))));
}

function wrote(list, write) {
  const until = write.until && ["parked", "unknown"].includes(write.became);
  pair(list, "write", "", `${write.kind} in ${platform(write.platform)} `, chip(write.became), " ",
    write.at && write.became !== "asked for" ? when(write.at) : "", until ? ", not before " : "",
    until ? when(write.until) : "", write.message ? ` ${write.message}` : "", ` (command ${write.command})`);
}

function step(each) {
  const evidence = el("dl", { class: "evidence" });
  pair(evidence, "rule", "", each.meaning ? `${each.rule}: ${each.meaning}` : each.rule);
  for (const [name, kind, found] of [
    ["agreed on", "", each.agreed], ["CRM said", "crm", each.crm], ["ERP said", "erp", each.erp], ["chosen", "", each.chosen],
  ]) if (found !== null && found !== "") pair(evidence, name, kind, value(found));
  if (each.write) wrote(evidence, each.write);
  return el("li", {}, el("details", {},
    el("summary", {},
      el("span", { class: "who" }, el("b", {}, words(each.field) || "the record")),
      el("span", { class: "meta" }, chip(each.ruling), when(each.at)),
      el("span", { class: "reason" }, each.reason)),
    evidence));
}

function other(write) {
  const evidence = el("dl", { class: "evidence" });
  wrote(evidence, write);
  pair(evidence, "for", "", write.reason || Object.keys(write.fields).map(words).join(", "));
  return el("li", {}, evidence);
}

function drawHistory(found) {
  at("history").hidden = false;
  fill(at("history-list"), found.history, (each) => each.id, step, `Nothing: ${found.nothing_decided}.`);
  at("history-count").textContent = found.history.length ? plural(found.history.length, "verdict") : "";
  at("others").hidden = !found.other_writes.length;
  fill(at("other-list"), found.other_writes, (each) => each.command, other, "");
}

function draw(found) {
  document.title = `${found.label} \u00b7 Revmark`;
  at("headline").textContent = found.label;
  at("subline").textContent = `${words(found.entity)} \u00b7 ${found.record}`;
  at("command").textContent = `revmark explain ${found.record}`;
  at("choice").hidden = true;
  tell("");
  drawAbout(found);
  drawStanding(found.standing);
  drawFields(found.fields, found.contract?.file);
  drawHistory(found);
}

function choose(found) {
  at("headline").textContent = asked;
  at("subline").textContent = found.found > found.candidates.length
    ? `can be any of ${plural(found.found, "record")}; the first ${found.candidates.length} are here`
    : `can be any of ${plural(found.found, "record")}`;
  at("choice").hidden = false;
  at("choice-list").replaceChildren(...found.candidates.map((each) => el("li", {},
    link(each.record, each.label), ` ${words(each.entity)}`, each.customer ? ` of ${each.customer}` : "",
    el("code", { class: "detail" }, each.command))));
}

function tell(text) {
  at("problem").hidden = !text;
  at("problem").textContent = sentence(text);
}

async function read() {
  if (!asked) {
    at("headline").textContent = "Which record?";
    tell("Type a name, a number, a domain, an e-mail or an id at the top, and press Enter.");
    return;
  }
  const answer = await fetch(`/api/explain?record=${encodeURIComponent(asked)}`);
  const text = await answer.text();
  if (text === drawn) return;
  drawn = text;
  const found = JSON.parse(text);
  if (!answer.ok) {
    at("headline").textContent = asked;
    tell(found.error);
  } else if (found.candidates) {
    choose(found);
  } else {
    draw(found);
  }
}

theme(at("theme"));
search(at("find"));
await read();
listen(read);
