// The stops of the flow, in the order in which a change passes them.

import { el, fill, svg } from "/static/dom.js";

const NAMES = { hubspot: "HubSpot", xero: "Xero" };
const STOPS = [
  { name: "Gateway", keys: ["hint.hubspot", "hint.xero"], what: "webhook hints" },
  { name: "Read", keys: ["seen.hubspot", "seen.xero"], what: "platform records" },
  { name: "Capture", keys: ["capture"], what: "facts" },
  { name: "Arbitrate", keys: ["arbitrate"], what: "decisions" },
  { name: "Lanes", keys: ["lane.hubspot", "lane.xero"], what: "writes asked" },
  { name: "Written", keys: ["written.hubspot", "written.xero"], what: "writes applied" },
  { name: "Reconcile", keys: ["reconcile"], what: "window totals", branch: true },
  { name: "Publish", keys: ["publish"], what: "revenue events", branch: true },
];

export function drawFlow(list, flow) {
  const items = STOPS.map((stop) => {
    const parts = stop.keys.map((key) => [key, flow[key] ?? { minute: 0, series: [] }]);
    const length = Math.max(0, ...parts.map(([, part]) => part.series.length));
    const series = Array.from({ length }, (_, i) => parts.reduce((sum, [, part]) => sum + (part.series[i] ?? 0), 0));
    const split = parts.length > 1
      ? parts.map(([key, part]) => `${NAMES[key.split(".")[1]]} ${part.minute.toLocaleString("en")}`).join(" \u00b7 ")
      : "";
    return { ...stop, minute: parts.reduce((sum, [, part]) => sum + part.minute, 0), series, split };
  });
  fill(list, items, (item) => item.name, draw, "", false);
}

function draw(item) {
  const kind = item.branch ? "branch" : item.name === "Gateway" ? "" : "next";
  return el("li", { class: `stop ${kind}` },
    el("h3", {}, item.name),
    el("p", { class: item.minute ? "number" : "number still" }, item.minute.toLocaleString("en")),
    el("p", { class: "what" }, item.what),
    el("p", { class: "split" }, item.split),
    spark(item.series));
}

function spark(series) {
  const width = 100, height = 24, top = Math.max(1, ...series);
  const step = series.length > 1 ? width / (series.length - 1) : width;
  const points = series.map((count, i) => `${(i * step).toFixed(1)},${(height - (count / top) * height).toFixed(1)}`);
  const drawing = svg("svg", { class: "spark", viewBox: `0 -1 ${width} ${height + 2}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  if (series.some(Boolean)) drawing.append(svg("path", { d: `M${points.join("L")}` }));
  else drawing.append(svg("path", { class: "base", d: `M0,${height}H${width}` }));
  return drawing;
}
