// What people did: who, what, to what, why, and what came of it where it was not simply done.

import { el, fill, plural, when } from "/static/dom.js";
import { listen, search, theme } from "/static/head.js";
import { held } from "/static/lists.js";
import { link, sentence } from "/static/words.js";

const at = (id) => document.getElementById(id);
const MOST = 200;

async function read() {
  const answer = await fetch(`/api/said?limit=${MOST}`);
  if (!answer.ok) return;
  const found = await answer.json();
  at("words-count").textContent = found.length === MOST ? `the last ${MOST}` : found.length ? plural(found.length, "deed") : "";
  fill(at("word-list"), found, (item) => `${item.at} ${item.what} ${item.about} ${item.came}`, (item) => el("li", {},
    el("span", { class: "name" }, item.who),
    el("span", { class: "right" }, when(item.at)),
    el("span", { class: "detail whole" }, item.what, " ",
      item.held ? held(item.held) : item.record ? link(item.record, item.about) : item.about),
    item.why ? el("span", { class: "whole" }, item.why) : null,
    item.came ? el("span", { class: "whole hint" }, sentence(item.came)) : null), "Nobody has done anything yet.");
}

theme(at("theme"));
search(at("find"));
await read();
listen(read);
