// First readings and backfills that have not come to their end.

import { el, fill, when } from "/static/dom.js";

export function drawReadings(section, list, readings) {
  section.hidden = !readings.length;
  fill(list, readings, (item) => `${item.connection} ${item.what}`, draw, "", false);
}

function draw(item) {
  const bar = item.total ? el("progress", { max: item.total, value: item.read, "aria-label": item.name }) : null;
  return el("li", {}, el("b", {}, item.name), ` ${item.state}`, bar,
    el("p", {}, parts(item).join(" \u00b7 ")),
    el("p", {}, "as of ", when(item.at), "; next: ", el("code", {}, item.next)));
}

function parts(item) {
  const read = item.read.toLocaleString("en");
  const found = [item.total === null ? `${read} read` : `${read} of about ${item.total.toLocaleString("en")} read`];
  if (item.rate !== null) found.push(`${item.rate.toLocaleString("en")} a second`);
  if (item.seconds_left !== null) found.push(`${span(item.seconds_left)} left`);
  if (item.why) found.push(item.why);
  return found;
}

function span(seconds) {
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
