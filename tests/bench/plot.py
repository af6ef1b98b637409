#!/usr/bin/env python3
"""Draws what `./dev bench --json` printed: plot.py RESULTS.json OUT.svg. One bar per figure that has a bar to keep, as the
share of what it may be: what ends left of the line keeps it."""

import json
import sys
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 860, 230, 200, 34, 56
SCALE = WIDTH - LEFT - RIGHT  # this wide is one and a quarter of what is allowed
MOST = 1.25
STYLE = """text { font: 13px sans-serif; fill: #24292f } .small { font-size: 11px; fill: #57606a } .title { font-size: 16px }
.kept { fill: #2da44e } .missed { fill: #cf222e } .back { fill: #ffffff } .line { stroke: #24292f; stroke-dasharray: 4 3 }"""


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        figures = [figure for figure in json.load(file) if figure["bar"]]
    height = TOP + ROW * len(figures) + 34
    limit = LEFT + SCALE / MOST
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
           f"<style>{STYLE}</style>", f'<rect class="back" width="{WIDTH}" height="{height}"/>',
           '<text class="title" x="16" y="28">What farstat costs, against the most that it may</text>']
    for index, figure in enumerate(figures):
        y = TOP + ROW * index
        share = figure["ratio"] / figure["bar"]
        length = max(1.0, min(share, MOST) / MOST * SCALE)
        kind = "kept" if figure["holds"] else "missed"
        out += [f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end">{escape(figure["name"])}</text>',
                f'<rect class="{kind}" x="{LEFT}" y="{y + 4}" width="{length:.1f}" height="18" rx="2"/>',
                f'<text class="small" x="{WIDTH - RIGHT + 12}" y="{y + 17}">{figure["ratio"]:.3g} of {figure["bar"]:g} '
                f'({share * 100:.0f} %)</text>']
    bottom = TOP + ROW * len(figures)
    out += [f'<line class="line" x1="{limit:.1f}" y1="{TOP - 6}" x2="{limit:.1f}" y2="{bottom}"/>',
            f'<text class="small" x="{limit:.1f}" y="{bottom + 18}" text-anchor="middle">the bar</text>', "</svg>"]
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


main()
