// What every page has on top: whose it is, whether it is live, light or dark, and a way to a record.

import { drawWho, stillHere } from "/static/who.js";

const at = (id) => document.getElementById(id);

export function theme(button) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* storage is off: the system's choice holds */ }
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* as above */ }
    show();
  });
  system.addEventListener("change", show);
  show();
}

// The form is never sent (the page's policy forbids it): it leads to the record's page.
export function search(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = new FormData(form).get("record").trim();
    if (asked) location.assign(`/record?record=${encodeURIComponent(asked)}`);
  });
}

export function drawHead({ live, status, tenant }) {
  at("tenant").textContent = tenant;
  const seen = status.as_of ? new Date(status.as_of).toLocaleTimeString(undefined, { hour12: false }) : "never";
  say(live.connected, live.connected ? "live" : `not connected; as of ${seen}`);
  at("live").title = live.problem;
}

function say(on, text) {
  at("live").className = on ? "live on" : "live off";
  if (at("live-text").textContent !== text) at("live-text").textContent = text;
}

// Every new overview, whatever a page makes of it.
export function listen(hear) {
  const source = new EventSource("/api/stream");
  source.onmessage = (message) => {
    const found = JSON.parse(message.data);
    drawHead(found);
    hear(found);
  };
  source.onerror = () => {
    say(false, "the page's server does not answer; trying again");
    if (source.readyState === EventSource.CLOSED) stillHere();
  };
  drawWho(at("who"));
}
