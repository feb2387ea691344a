// The page: one document from the server, drawn whenever a new one comes.

import { el, plural } from "/static/dom.js";
import { drawFlow } from "/static/flow.js";
import { busiest, drawCurrencies, drawFigures, drawTotals } from "/static/chart.js";
import { actOn } from "/static/acts.js";
import { listen, search, theme } from "/static/head.js";
import { me } from "/static/who.js";
import { platform } from "/static/words.js";
import { drawConnections } from "/static/connections.js";
import { drawReadings } from "/static/readings.js";
import { drawDecisions, drawEvents, drawQuarantine, drawVariances, drawWaiting } from "/static/lists.js";

const at = (id) => document.getElementById(id);
const NEEDS = {
  variances: ["open variance", "open variances", "#variances"],
  quarantined: ["record in quarantine", "records in quarantine", "/quarantine"],
  refused: ["refused write", "refused writes", "/quarantine"],
  brakes: ["stopped rule", "stopped rules", "#waiting"],
  reviews: ["field to decide", "fields to decide", "#waiting"],
  signed: ["signed night has changed", "signed nights have changed", "/books#nights"],
  nights: ["night whose books differ", "nights whose books differ", "/books#nights"],
  readings: ["kind that cannot be read", "kinds that cannot be read", "#readings"],
  proposals: ["link to confirm", "links to confirm", "#waiting"],
};
const operator = (await me()).role === "operator";
let document_ = null;
let chosen = null;

function draw() {
  const { status, flow, connections, readings, waiting, decisions, variances, events, quarantine, totals, live } = document_;
  drawHeadline(status, live, connections.filter((each) => each.state === "parked"));
  drawFlow(at("stops"), flow);
  drawConnections(at("connections"), at("connection-list"), connections);
  drawReadings(at("readings"), at("reading-list"), readings);
  drawWaiting(at("waiting"), at("waiting-list"), waiting, (item) => (operator ? actOn(item) : null));
  drawDecisions(at("decision-list"), decisions);
  drawVariances(at("variance-list"), variances);
  drawQuarantine(at("quarantine-list"), quarantine);
  drawEvents(at("event-list"), events);
  at("decisions-count").textContent = total(status.decisions, decisions.length);
  at("variances-count").textContent = `${status.variances.open ?? 0} open, ${status.variances.closed ?? 0} closed`;
  at("quarantine-count").textContent = status.quarantined ? total({ all: status.quarantined }, quarantine.length) : "";
  at("events-count").textContent = total(status.events, events.length);
  drawBooks(totals);
}

function drawBooks(totals) {
  const currency = chosen in totals ? chosen : busiest(totals);
  drawCurrencies(at("currencies"), Object.keys(totals), currency, (picked) => { chosen = picked; draw(); });
  drawTotals(at("plot"), totals[currency] ?? [], currency);
  drawFigures(at("totals-table"), totals[currency] ?? [], currency);
}

function total(counts, shown) {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return all > shown ? `latest ${shown} of ${all.toLocaleString("en")}` : all ? String(all) : "";
}

// What stands still comes before agreement: two sides that nobody hears of agree as well.
function drawHeadline(status, live, parked) {
  const needs = Object.entries(status.needs_person);
  const waiting = needs.reduce((sum, [, count]) => sum + count, 0);
  const { agreed, apart } = status.windows;
  const nothing = !agreed && !apart && !Object.keys(status.decisions).length;
  let headline = "Both sides agree.";
  if (waiting) headline = `${plural(waiting, "thing needs", "things need")} a person.`;
  else if (parked.length) headline = `${parked.map((each) => platform(each.platform)).join(" and ")} ${parked.length === 1 ? "stands" : "stand"} still.`;
  else if (nothing) headline = live.connected ? "Nothing has happened yet." : "Waiting for the broker.";
  else if (!agreed && !apart) headline = "Nothing needs a person.";
  else if (apart) headline = "Totals are settling.";
  set(at("headline"), headline);
  const written = status.ledger.applied ?? 0;
  const facts = [];
  if (agreed || apart) facts.push(`${agreed} of ${plural(agreed + apart, "reconciliation window")} agree`);
  if (!nothing) facts.push(plural(written, "write applied", "writes applied"));
  if (status.unreadable) facts.push(plural(status.unreadable, "record of another version", "records of another version"));
  set(at("subline"), facts.join(" \u00b7 "));
  const stamp = JSON.stringify([needs, parked.map((each) => [each.connection, each.person])]);
  if (at("needs").dataset.stamp === stamp) return;
  at("needs").dataset.stamp = stamp;
  const still = parked.map((each) => el("li", {}, el("a", { href: "#connections", class: "bad" }, el("b", {}, platform(each.platform)), each.person ? " stands still until somebody acts" : " stands still")));
  at("needs").replaceChildren(...still, ...needs.filter(([name]) => name !== "parked").map(([name, count]) => {
    const [one, many, target] = NEEDS[name] ?? [name, name, null];
    const text = [el("b", {}, count.toLocaleString("en")), ` ${count === 1 ? one : many}`];
    return el("li", {}, target ? el("a", { href: target }, ...text) : el("span", {}, ...text));
  }));
}

function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

theme(at("theme"));
search(at("find"));
listen((found) => { document_ = found; draw(); });
addEventListener("resize", () => { if (document_) draw(); });
