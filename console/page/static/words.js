// What a ruling, a state or a platform is called, and its colour: the same on every page.

import { el, words } from "/static/dom.js";

const TONE = {
  write_back: "good", merge: "good", take_crm: "good", take_erp: "good", settle: "good", create: "good", link: "good",
  agreed: "good", written: "good", going: "good", "reads wait": "warn",
  review: "warn", hold: "warn", propose: "warn", asked: "warn", differs: "warn", waits: "warn", parked: "warn",
  unknown: "warn", unread: "warn", held: "warn", proposed: "warn", variance: "warn",
  variant: "warn", contradiction: "bad", unsettled: "bad",
  stopped: "bad", refuse: "bad", refused: "bad", quarantined: "bad",
};
const SAID = {
  take_crm: "CRM's value", take_erp: "ERP's value", write_back: "written back", merge: "both kept", settle: "settled", unread: "not counted",
  create: "created", link: "linked", review: "a person decides", hold: "held", propose: "proposed", wait: "waits",
  refuse: "refused", close: "closed", retry: "tried again",
};
const PLATFORMS = { hubspot: "HubSpot", xero: "Xero" };

export const chip = (word, text) => el("span", { class: `chip ${TONE[word] ?? ""}` }, text ?? SAID[word] ?? words(word));
export const platform = (name) => PLATFORMS[name] ?? name;

// A record's own page. A proposal is about two records, "a+b": each has one.
export function link(record, text) {
  const parts = record.split("+");
  if (parts.length > 1) return el("span", {}, link(parts[0], parts[0]), " ", link(parts[1], parts[1]));
  return el("a", { href: `/record?record=${encodeURIComponent(record)}` }, text);
}

// A capital and a full stop, but not for what begins with a name.
export function sentence(text) {
  if (!text) return "";
  const begun = /^[a-z]+[ ,:;]/.test(text) ? text[0].toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
