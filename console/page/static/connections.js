// Whether each platform is worked with; and tier by tier what waits, and how old the newest fact is.

import { el, fill, when } from "/static/dom.js";
import { chip, platform } from "/static/words.js";

export function drawConnections(section, list, connections) {
  section.hidden = !connections.length;
  fill(list, connections, (item) => item.connection, draw, "", false);
}

function draw(item) {
  const stands = item.until ? [`${item.why || "it stands still"}; until `, when(item.until)] : [];
  return el("li", {}, el("b", {}, platform(item.platform)), " ", chip(item.state), ` ${item.connection}`,
    el("p", {}, ...stands),
    ...item.tiers.map((tier) => el("p", {}, [
      `tier ${tier.tier}: newest fact ${tier.age === null ? "not known yet" : `${span(tier.age)} old`}`,
      `${tier.waiting.toLocaleString("en")} waiting`,
    ].join(" \u00b7 "), ...(tier.oldest ? [" since ", when(tier.oldest)] : []))));
}

function span(seconds) {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} d`;
}
