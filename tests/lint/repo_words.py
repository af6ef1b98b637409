#!/usr/bin/env python3
"""The repository works on any machine: no paths of one, no hosts of package registries, nothing big. Warns about files
that have probably more than one subject."""

import re

import tree

LARGEST = 1 << 20
LONGEST = 600
# Pattern | why, and what to do instead. Patterns are written so that they do not match themselves.
WORDS = [
    (re.compile(r"(?<![\w.~$}*-])/(work|root|home)/"),
     "a path of one machine; use a path relative to the repository, $HOME or a temporary folder"),
    (re.compile(r"\b(registry[.]npmjs[.]org|deb[.]debian[.]org|security[.]debian[.]org|pypi[.]org|files[.]pythonhosted[.]org"
                r"|proxy[.]golang[.]org|crates[.]io|ghcr[.]io|docker[.]io|quay[.]io|rubygems[.]org)\b"),
     "a registry's host; tools know theirs, and a mirror may stand in for it"),
]


def main():
    violations = []
    for path in tree.files():
        size = (tree.ROOT / path).stat().st_size
        if size > LARGEST:
            violations.append(f"{path}: {size >> 10} KiB, more than {LARGEST >> 10}; generate it, or keep it elsewhere")
            continue
        lines = tree.text(path).split("\n")
        violations += [f"{path}:{number}: {why}" for number, line in enumerate(lines, 1)
                       for word, why in WORDS if word.search(line)]
        if path.endswith(tree.CPP + (".py", ".sh")) and len(lines) > LONGEST:
            print(f"warning: {path} has {len(lines)} lines; does it still have one subject?")
    tree.finish(violations)


main()
