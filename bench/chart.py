"""`chart`: the engine's figures as an SVG, drawn from a results file: `results/engine.svg`."""

from __future__ import annotations

import json
from pathlib import Path

from bench.report import RESULTS, Figures

__all__ = ["draw", "write"]

NAMES = {
    "librdkafka": "librdkafka, bare loop (the limit)",
    "aiokafka": "aiokafka, bare loop",
    "engine_memory": "Revmark engine, memory",
    "engine_rocksdict": "Revmark engine, RocksDB",
    "bytewax": "bytewax (state not durable)",
    "quix": "Quix Streams",
    "stock_faust": "stock Faust",
}
LEFT, WIDTH, BAR, STEP, TOP, RIGHT = 230, 360, 18, 30, 50, 150
SMALL = 0.1  # shares below it are told more exactly
TITLE = "Events a second: versioned table, window sum, one output"
STYLE = 'font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="Events a second"'
OURS, OTHERS, INK = "#0d9488", "#94a3b8", "#6e7781"  # all three read on light and on dark


def draw(figures: Figures) -> str:
    """The chart: one bar per contestant that came out right, as events a second."""
    rows = {name: row for name, row in figures["contestants"].items() if row["correct"]}
    names = sorted(rows, key=lambda name: -int(rows[name]["events_per_s"]))
    most = max(int(row["max"]) for row in rows.values())
    height = TOP + STEP * len(names) + 20
    machine = figures["machine"]
    versions = figures["versions"]
    about = f"Python {versions['python']}, Kafka {versions['kafka']}, {machine['cores']} cores, acks=all, one worker"
    sizes = f"{figures['events'][names[0]]:,} events, median and range of {figures['rounds'][names[0]]} rounds"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}" {STYLE}>',
        f'<text x="8" y="20" font-weight="600" fill="{INK}">{TITLE}</text>',
        f'<text x="8" y="38" font-size="11" fill="{INK}">{about}; {sizes}</text>',
    ]
    for place, name in enumerate(names):
        row = rows[name]
        at = TOP + place * STEP
        length = max(1, round(WIDTH * int(row["events_per_s"]) / most))
        low, high = (LEFT + round(WIDTH * int(row[end]) / most) for end in ("min", "max"))
        colour = OURS if name.startswith("engine") else OTHERS
        middle = at + BAR // 2
        lines += [
            f'<text x="{LEFT - 8}" y="{at + 13}" text-anchor="end" fill="{INK}">{NAMES[name]}</text>',
            f'<rect x="{LEFT}" y="{at}" width="{length}" height="{BAR}" rx="2" fill="{colour}"/>',
            f'<path d="M{low} {middle}H{high}" stroke="{INK}" stroke-width="2"/>',
            f'<text x="{max(LEFT + length, high) + 8}" y="{at + 13}" fill="{INK}">{_figure(row)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


def _figure(row: Figures) -> str:
    share = f"{row['ratio']:.0%}" if row["ratio"] >= SMALL else f"{row['ratio']:.1%}"
    return f"{row['events_per_s']:,} ({share})"


def write(source: Path) -> Path:
    """Draw a results file."""
    path = RESULTS / "engine.svg"
    path.write_text(draw(json.loads(source.read_text(encoding="utf-8"))), encoding="utf-8")
    return path
