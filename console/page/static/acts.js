// What an operator does here: small forms, each with a reason, and the server's answer in words.

import { el } from "/static/dom.js";
import { say } from "/static/who.js";
import { sentence } from "/static/words.js";

const at = (id) => document.getElementById(id);
let number = 0;

// Tell the whole page what came of an act: its form may be gone by then.
export function tell(text, kind = "done") {
  const line = at("told");
  line.hidden = !text;
  line.className = `told ${kind}`;
  line.textContent = text;
  if (text) line.scrollIntoView({ block: "nearest" });
}

// A form with what is asked, a reason, and one button for each answer: its text, what goes into the body, its look,
// and where it goes if not to `path`.
export function form(path, fields, buttons, { hint = "", then = () => {} } = {}) {
  const id = `why-${number += 1}`;
  const why = el("input", { id, name: "why", type: "text", required: "required", maxlength: "2000", autocomplete: "off" });
  const node = el("form", { class: "act" }, ...fields,
    el("div", { class: "field" }, el("label", { for: id }, "Why"), why),
    el("p", { class: "buttons" }, ...buttons.map(([text, , kind], i) =>
      el("button", { type: "submit", value: String(i), class: kind ?? "" }, text)), hint ? el("span", { class: "hint" }, hint) : null));
  node.addEventListener("input", () => node.classList.add("dirty"));
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [, made, , other] = buttons[Number(event.submitter?.value ?? 0)];
    const body = typeof made === "function" ? made(node) : made;
    if (body === null) return;
    busy(node, true);
    tell("Sending; a worker takes it up", "wait");
    try {
      const answer = await say(other ?? path, { ...body, why: why.value });
      const came = await answer.json().catch(() => ({ state: "refused", said: `the page's server answered ${answer.status}` }));
      tell(sentence(came.said ?? came.error), came.state === "done" ? "done" : came.state === "sent" ? "wait" : "bad");
      if (came.state !== "refused" && answer.ok) node.classList.remove("dirty");
      if (answer.ok) then(came);
    } catch {
      tell("The page's server does not answer. It may have been heard or not: look before you say it again.", "bad");
    }
    busy(node, false);
  });
  return node;
}

function busy(node, on) {
  for (const part of node.elements) part.disabled = on;
}

function choice(name, value, checked, ...text) {
  const id = `choice-${number += 1}`;
  const input = el("input", { type: "radio", name, value, id, required: "required", ...(checked ? { checked: "checked" } : {}) });
  return el("div", { class: "choice" }, input, el("label", { for: id }, ...text));
}

function review(item) {
  const other = el("input", { type: "text", name: "other", "aria-label": "Another value, for both sides", placeholder: "another value, for both sides", autocomplete: "off" });
  const named = `side-${item.id}`;
  const last = choice(named, "value", false, "Another value");
  other.addEventListener("input", () => { last.querySelector("input").checked = true; });
  last.append(other);
  const sides = el("fieldset", {}, el("legend", {}, "What stands"),
    choice(named, "crm", false, el("span", { class: "crm" }, "CRM "), item.crm),
    choice(named, "erp", false, el("span", { class: "erp" }, "ERP "), item.erp),
    last);
  return form("/api/act/answer", [sides], [["Decide", (node) => {
    const picked = new FormData(node).get(named);
    return { review: item.id, side: picked === "value" ? `value=${other.value}` : picked };
  }, "main"]]);
}

// The form for one thing that waits; null where it is done elsewhere.
export function actOn(item) {
  const act = item.act;
  if (!act) return null;
  if (act.kind === "answer") return review(item);
  if (act.kind === "let-go") {
    return form("/api/act/let-go", [], [["Let it go on", { entity: act.entity, rule: act.rule }, "main"]],
      { hint: "for an hour nothing of it is counted" });
  }
  const pair = { left: act.left, right: act.right };
  return form("/api/act/link", [], [["They are one", { ...pair, same: true }, "main"], ["They are not", { ...pair, same: false }]]);
}
