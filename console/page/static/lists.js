// Decisions, variances, quarantine and revenue events.

import { el, fill, money, when, words } from "/static/dom.js";
import { dayLink } from "/static/chart.js";
import { chip, link } from "/static/words.js";

export function drawDecisions(list, decisions) {
  fill(list, decisions, (item) => item.id, decision, "Nothing has been decided yet.");
}

// `act` makes the form with which an operator settles an item; for a viewer there is the command instead.
export function drawWaiting(section, list, waiting, act) {
  section.hidden = !waiting.length;
  fill(list, waiting, (item) => item.id, (item) => {
    const node = decision(item);
    const list = node.querySelector("dl");
    if (item.money) list.append(el("dt", {}, "worth"), el("dd", {}, item.money));
    if (item.since) list.append(el("dt", {}, "asked since"), el("dd", {}, when(item.since)));
    const form = act(item);
    if (!form) list.append(el("dt", {}, "next"), el("dd", {}, item.held ? held(item.held, "see it, edit it, try it again") : el("code", {}, item.next)));
    else list.after(form);
    return node;
  }, "");
}

export const held = (name, text) => el("a", { href: `/quarantine?name=${encodeURIComponent(name)}` }, text ?? name);

function decision(item) {
  const evidence = el("dl", { class: "evidence" });
  const row = (name, value, kind = "") => value && value !== "-" && evidence.append(
    el("dt", { class: kind }, name), el("dd", {}, value));
  row("agreed before", item.baseline);
  row("CRM says", item.crm, "crm");
  row("ERP says", item.erp, "erp");
  row("chosen", item.chosen);
  row("written to", item.written_to ? item.written_to.toUpperCase() : "");
  row("rule", words(item.rule));
  row("decided by", item.who);
  if (item.customer) row("customer", item.customer_record ? link(item.customer_record, item.customer) : item.customer);
  if (item.record) row("record", link(item.record, item.record));
  return el("li", {}, el("details", {},
    el("summary", {},
      el("span", { class: "who" }, el("b", {}, item.label), " ", el("span", { class: "field" },
        [words(item.entity), words(item.field)].filter(Boolean).join(" \u00b7 "))),
      el("span", { class: "meta" }, chip(item.ruling), when(item.at)),
      el("span", { class: "reason" }, item.reason)),
    evidence));
}

export function drawVariances(list, variances, none = "Both sides state the same totals.") {
  fill(list, [...variances.open, ...variances.closed], (item) => item.id, variance, none);
}

function variance(item) {
  const sides = el("span", { class: "detail" },
    item.figure === "due" ? "due: " : "",
    el("span", { class: "crm" }, `CRM ${money(item.crm, item.currency)}`), "  ", el("span", { class: "erp" }, `ERP ${money(item.erp, item.currency)}`));
  return el("li", { class: item.state },
    el("span", { class: "name" }, link(item.document, item.label), " ",
      el("span", { class: item.state === "open" ? "chip warn" : "chip" }, item.state === "open" ? words(item.kind) : `closed \u00b7 ${words(item.kind)}`)),
    el("span", { class: "amount" }, money(item.difference, item.currency), " ", el("span", { class: "unit" }, item.currency)),
    sides,
    el("a", { class: "detail right", href: dayLink(item.day, item.currency) }, item.day));
}

export function drawQuarantine(list, records) {
  fill(list, records, (item) => item.name, (item) => el("li", {},
    el("span", { class: "name" }, held(item.name)),
    el("span", { class: "right" }, when(item.at)),
    el("span", { class: "detail whole" }, item.reason, ...(item.about ? [" \u00b7 about ", link(item.about, item.about)] : [])),
    el("span", { class: "detail whole" }, told(item))), "Nothing is held back.");
}

// The class and what ends it, the attempts, what led to it and what waits behind it.
function told(item) {
  return [
    item.remedy && !item.remedy.includes(item.reason) && `${item.recovery}: ${item.remedy}`,
    item.attempts > 1 && `tried ${item.attempts} times`,
    item.edited && `edited by ${item.edited}`,
    item.decided && `decided last: ${item.decided}`,
    item.behind > 0 && `${item.behind} behind it`,
  ].filter(Boolean).join(" \u00b7 ");
}

export function drawEvents(list, events) {
  fill(list, events, (item) => item.id, event, "No revenue events yet.");
}

function event(item) {
  const amount = item.amount !== null
    ? [money(item.amount, item.currency), " ", el("span", { class: "unit" }, item.currency)]
    : [{ true: "on hold", false: "released" }[item.credit_hold] ?? ""];
  return el("li", {},
    el("span", { class: "name" }, link(item.document, item.called)),
    el("span", { class: "amount" }, ...amount),
    el("span", { class: "detail" }, [item.customer, item.number].filter(Boolean).join(" \u00b7 ")),
    el("span", { class: "right" }, when(item.at)));
}
