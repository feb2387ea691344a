// Who is at the page, what they may do, and the one way to say something to the server.

import { el } from "/static/dom.js";

export const nobody = { who: "", role: "viewer", token: "", signs_in: false };
let known = null;

export function me() {
  known ??= fetch("/api/me").then((answer) => {
    if (answer.status === 401) signIn();
    return answer.ok ? answer.json() : nobody;
  });
  return known;
}

// A stream that the server has ended for good: the session is over, most likely.
export async function stillHere() {
  known = null;
  await me();
}

export function signIn() {
  location.assign(`/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`);
}

// The token comes from this page alone; a form of another site has none, and cannot send JSON.
export async function say(path, body) {
  const { token } = await me();
  const answer = await fetch(path, {
    method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", "X-Revmark-Token": token },
  });
  if (answer.status === 401) signIn();
  return answer;
}

export async function drawWho(place) {
  const { who, role, signs_in } = await me();
  if (!who) return;
  place.replaceChildren(el("span", { class: "name", title: who }, who));
  if (role === "viewer") place.append(el("span", { class: "chip" }, "may look"));
  if (!signs_in) return;
  const out = el("button", { class: "quiet", type: "button" }, "Sign out");
  out.addEventListener("click", async () => {
    const answer = await say("/sign-out", {});
    if (answer.ok) location.assign("/signed-out");
  });
  place.append(out);
}
