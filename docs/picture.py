#!/usr/bin/env python3
"""Draws what a terminal showed as an SVG picture, for the README: text with ANSI colours on standard input, SVG on
standard output. To make docs/session.svg anew, with an agent and some traffic running (./dev demo --keep):

    { echo '$ farstat get tcp --state established'; build/bin/farstat get tcp --state established --color always --width 100;
    } | docs/picture.py >docs/session.svg
"""

import re
import sys
from xml.sax.saxutils import escape

COLOURS = {30: "#1d1f21", 31: "#cc6666", 32: "#b5bd68", 33: "#f0c674", 34: "#81a2be", 35: "#b294bb", 36: "#8abeb7", 37: "#c5c8c6",
           90: "#969896", 91: "#ff8080", 92: "#d0e080", 93: "#ffe090", 94: "#a0c8f0", 95: "#d8b0e0", 96: "#a8e0d8", 97: "#ffffff"}
CELL, LINE, MARGIN = 8.4, 18, 16


def spans(line):
    """Yields (text, style) of a line."""
    style = {}
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if not part.startswith("\x1b["):
            if part:
                yield part, dict(style)
            continue
        for code in [int(c or 0) for c in part[2:-1].split(";")]:
            if code == 0:
                style = {}
            elif code == 1:
                style["font-weight"] = "bold"
            elif code == 2:
                style["opacity"] = "0.65"
            elif code in COLOURS:
                style["fill"] = COLOURS[code]


def main():
    lines = [line.rstrip() for line in sys.stdin.read().rstrip().split("\n")]
    columns = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
    width, height = columns * CELL + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
          f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">')
    print('<rect width="100%" height="100%" rx="8" fill="#1d1f21"/>')
    for number, line in enumerate(lines):
        column, y = 0, MARGIN + LINE * (number + 0.75)
        for text, style in spans(line):
            attributes = "".join(f' {key}="{value}"' for key, value in {"fill": "#c5c8c6", **style}.items())
            print(f'<text x="{MARGIN + column * CELL:.1f}" y="{y:.1f}" textLength="{len(text) * CELL:.1f}" '
                  f'xml:space="preserve"{attributes}>{escape(text)}</text>')
            column += len(text)
    print("</svg>")


main()
