#!/usr/bin/env python3
"""agent/rpc/README.md pairs each promise of subscriptions with the tests that fail when it is broken. Each of them must
exist, and no promise may be without one."""

import re

import tree

TABLE = "agent/rpc/README.md"
BEGIN = "## Promises and their tests"
TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", re.M)


def main():
    violations = []
    tests = {".".join(match) for path in tree.files("_test.cc") for match in TEST.findall(tree.text(path))}
    lines = tree.text(TABLE).split("\n")
    rows = 0
    inside = False
    for number, line in enumerate(lines, 1):
        if line.startswith("## "):
            inside = line == BEGIN
        if not inside or not line.startswith("| ") or line.startswith("| promise |"):
            continue
        rows += 1
        named = re.findall(r"`(\w+\.\w+)`", line)
        if not named:
            violations.append(f"{TABLE}:{number}: no test is named that fails when this is broken")
        violations += [f"{TABLE}:{number}: there is no test {name}; name the one that took its place"
                       for name in named if name not in tests]
    if rows == 0:
        violations.append(f'{TABLE}: the table under "{BEGIN}" is missing')
    tree.finish(violations)


main()
