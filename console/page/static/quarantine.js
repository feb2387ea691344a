// What could not go on: the list, or one of it whole, with what an operator can do.

import { form } from "/static/acts.js";
import { el, fill, plural, when, words } from "/static/dom.js";
import { listen, search, theme } from "/static/head.js";
import { held } from "/static/lists.js";
import { me } from "/static/who.js";
import { chip, link, sentence } from "/static/words.js";

const at = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search).get("name") ?? "";
const operator = (await me()).role === "operator";
let drawn = "";

function show(...ids) {
  for (const id of ["problem", "held", "cause", "settle", "content", "changed"]) at(id).hidden = !ids.includes(id);
}

function drawList(items) {
  at("headline").textContent = items.length ? `${plural(items.length, "thing is", "things are")} held back.` : "Quarantine is empty.";
  at("subline").textContent = items.length ? "Each waits for a person: mend its cause and put it back, edit it, or drop it." : "";
  show("held");
  fill(at("held-list"), items, (item) => item.name, (item) => el("li", {},
    el("span", { class: "name" }, held(item.name)),
    el("span", { class: "right" }, chip(item.edited ? "asked" : item.command ? "refused" : "held", item.edited ? "edited" : undefined), " ", when(item.at)),
    el("span", { class: "detail whole" }, item.from, item.attempts > 1 ? ` \u00b7 tried ${item.attempts} times` : ""),
    el("span", { class: "detail whole" }, item.reason)), "Nothing is held back.");
}

function pair(list, name, ...content) {
  if (content.some((each) => each)) list.append(el("dt", {}, name), el("dd", {}, ...content));
}

const named = (names) => names.flatMap((name, i) => [i ? ", " : "", held(name)]);

function drawCause(found) {
  const list = el("dl", { class: "evidence", id: "cause-list" });
  const command = found.command ? found.from : "";
  pair(list, "cause", found.reason);
  const said = found.remedy.includes(found.reason) ? "it cannot be read as it is; edit it, or drop it" : found.remedy;
  pair(list, "class", `${found.recovery}: ${said}`);
  pair(list, "since", when(found.at), found.attempts > 1 ? `, tried ${found.attempts} times` : "");
  pair(list, "about", found.about ? link(found.about, found.about) : "");
  if (command) pair(list, "write", command);
  pair(list, "older, first", ...named(found.before));
  pair(list, "behind it", ...named(found.behind), found.writes.length ? ` ${plural(found.writes.length, "write")} of the record` : "",
    found.waiting.length ? ` ${plural(found.waiting.length, "record")} of the customer` : "");
  for (const each of found.verdicts) pair(list, "decided", `${words(each.field)} ${each.reason}`.trim(), " ", when(each.at));
  at("cause-list").replaceWith(list);
}

function drawSettle(found) {
  const { settlement } = found;
  at("settle-title").textContent = settlement ? "Settled" : "Put it back, or drop it";
  if (settlement) {
    const said = settlement.state === "replayed" ? "Put back" : "Dropped";
    at("settle-form").replaceChildren(el("p", {}, `${said} by ${settlement.who}`, " ", when(settlement.at), settlement.why ? `: ${settlement.why}` : ""));
  } else if (!operator) {
    at("settle-form").replaceChildren(el("code", {}, `revmark quarantine replay ${found.name}`));
  } else if (!at("settle-form").querySelector("form")) {
    at("settle-form").replaceChildren(form("/api/act/put-back", [], [
      [found.command ? "Try it again" : "Put it back", { names: [found.name] }, "main"],
      ["Drop it", { name: found.name }, "bad", "/api/act/drop"],
    ], { then: read }));
  }
}

function drawContent(found) {
  const whose = found.command ? "the values that the write asks for; those that name the record stay" : "checked by what reads its topic; key and tenant stay";
  at("content-hint").textContent = found.text ? whose : "too large to be kept here; it is read where it lay";
  if (!operator || found.settlement || !found.text) {
    at("content-form").replaceChildren(el("pre", { tabindex: "0" }, found.text || "\u2013"));
    return;
  }
  if (at("content-form").querySelector("form.dirty")) return;
  const text = el("textarea", { id: "text", spellcheck: "false", autocomplete: "off" }, found.text);
  const field = el("div", { class: "field" }, el("label", { for: "text" }, "As JSON"), text);
  at("content-form").replaceChildren(form("/api/act/edit", [field],
    [["Keep this edit", () => ({ name: found.name, value: text.value }), ""]], { hint: "it goes nowhere before it is put back", then: read }));
}

function drawChanged(found) {
  const { edit, changed } = found;
  at("changed").hidden = !edit;
  if (!edit) return;
  at("changed-hint").replaceChildren(`by ${edit.who} `, when(edit.at), `: ${edit.why}`);
  at("changed-table").replaceChildren(
    el("thead", {}, el("tr", {}, ...["place", "was", "is"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...changed.map((each) => el("tr", {}, el("td", {}, each.path || "all of it"),
      el("td", {}, JSON.stringify(each.was)), el("td", {}, JSON.stringify(each.is))))));
}

function drawOne(found) {
  document.title = `${found.name} \u00b7 Revmark`;
  at("headline").textContent = found.name;
  at("subline").textContent = found.from;
  at("command").textContent = `revmark quarantine show ${found.name}`;
  show("cause", "settle", "content", ...(found.edit ? ["changed"] : []));
  drawCause(found);
  drawSettle(found);
  drawContent(found);
  drawChanged(found);
}

async function read() {
  const answer = await fetch(asked ? `/api/held?name=${encodeURIComponent(asked)}` : "/api/held-back");
  const text = await answer.text();
  if (text === drawn) return;
  drawn = text;
  const found = JSON.parse(text);
  if (!answer.ok) {
    at("headline").textContent = asked || "Quarantine";
    show("problem");
    at("problem").textContent = sentence(found.error);
  } else if (asked) {
    drawOne(found);
  } else {
    drawList(found);
  }
}

theme(at("theme"));
search(at("find"));
await read();
listen(read);
