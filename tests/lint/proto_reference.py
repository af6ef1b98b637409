#!/usr/bin/env python3
"""Makes docs/reference.md, the API's reference page, from the comments and annotations in proto/,
and checks that nothing in proto/ lacks a comment or an annotation.

  proto_reference.py           writes docs/reference.md
  proto_reference.py --check   writes nothing; exits 1 when the page is not current

Either way an incomplete proto file is reported as file:line and exits 1. Needs protoc; its descriptor
set (google/protobuf/descriptor.proto) is decoded here, because few machines have Python's protobuf.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
PAGE = ROOT / "docs" / "reference.md"
SELF = "tests/lint/proto_reference.py"
TITLES = {"ras": "RAS", "tcp": "TCP", "ipsec": "IPsec", "ike": "IKE", "host": "Several families at once",
          "agent": "The agent itself", "common": "Shared messages", "errors": "Errors", "annotations": "Annotations"}
INTRO = f"""# API reference

<!-- Made by {SELF} from the comments and annotations in proto/. Edit those, then run it. -->

Package `farstat.v1`. Measured fields are `optional`: absent means that the system did not deliver the
value, never that it is zero. *Kind* says how a value behaves over time; *Windows* and *Linux* name the
source and, in parentheses, its width in bits there. A counter of 32 bits at the source is published
with 64, accumulated by the agent. *Sensitivity* marks what tells who talks to whom (endpoint) or names
people (personal).
"""
MEASURED = re.compile(r"^(Tcp|Ras|Ipsec|Ike)|Statistics")
# What a name must contain to carry its unit.
UNIT_NAMES = {"BYTES": "bytes", "MILLISECONDS": "_ms", "MICROSECONDS": "_us", "SECONDS": "_seconds",
              "BITS_PER_SECOND": "_bits_per_second", "BYTES_PER_SECOND": "_bytes_per_second",
              "UNIX_MILLISECONDS": "_unix_ms", "KILOBYTES": "_kilobytes"}
# FieldDescriptorProto.Type.
SCALARS = {1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool",
           9: "string", 12: "bytes", 13: "uint32", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64"}
MESSAGE_TYPE = 11
REPEATED = 3
ANNOTATION = 50847  # farstat.v1.field

# The part of descriptor.proto that is used: field number -> (name, type). A type with "*" repeats.
SCHEMA = {
    "Set": {1: ("file", "*File")},
    "File": {1: ("name", "str"), 4: ("message", "*Message"), 5: ("enum", "*Enum"), 6: ("service", "*Service"),
             7: ("extension", "*Field"), 9: ("source", "Source")},
    "Message": {1: ("name", "str"), 2: ("field", "*Field"), 3: ("nested", "*Message"), 4: ("enum", "*Enum"),
                8: ("oneof", "*Oneof")},
    "Field": {1: ("name", "str"), 4: ("label", "int"), 5: ("type", "int"), 6: ("type_name", "str"),
              8: ("options", "FieldOptions"), 17: ("optional", "int")},
    "FieldOptions": {ANNOTATION: ("info", "Info")},
    "Info": {1: ("kind", "int"), 2: ("unit", "int"), 3: ("windows", "str"), 4: ("windows_bits", "int"),
             5: ("linux", "str"), 6: ("linux_bits", "int"), 7: ("rfc", "str"), 8: ("sensitivity", "int")},
    "Oneof": {1: ("name", "str")},
    "Enum": {1: ("name", "str"), 2: ("value", "*Value")},
    "Value": {1: ("name", "str"), 2: ("number", "int")},
    "Service": {1: ("name", "str"), 2: ("method", "*Method")},
    "Method": {1: ("name", "str"), 2: ("input", "str"), 3: ("output", "str"), 6: ("server_streaming", "int")},
    "Source": {1: ("location", "*Location")},
    "Location": {1: ("path", "ints"), 2: ("span", "ints"), 3: ("comment", "str"), 6: ("detached", "*str")},
}
# Lists of children, with their numbers in descriptor.proto.
FILE_CHILDREN = {"message": 4, "enum": 5, "service": 6, "extension": 7}
CHILDREN = {"field": 2, "nested": 3, "enum": 4, "oneof": 8, "value": 2, "method": 2}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def convert(kind, value):
    if kind in SCHEMA:
        return decode(kind, value)
    if kind == "str":
        return value.decode()
    if kind == "ints":
        numbers, at = [], 0
        while at < len(value):
            number, at = varint(value, at)
            numbers.append(number)
        return numbers
    return value


def decode(kind, data):
    """Decodes one message of the protobuf wire format into a dict with all names of its schema."""
    schema = SCHEMA[kind]
    result = {name: [] if t[0] == "*" else None for name, t in schema.values()}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = varint(data, at)
        else:
            size, at = varint(data, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
            value, at = data[at:at + size], at + size
        if tag >> 3 in schema:
            name, t = schema[tag >> 3]
            if t[0] == "*":
                result[name].append(convert(t[1:], value))
            else:
                result[name] = convert(t, value)
    return result


def load():
    """Returns the descriptors of all files, each thing in them with its comment and line."""
    names = sorted(p.relative_to(PROTO).as_posix() for p in PROTO.glob("farstat/v1/*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "set.pb")
        command = [os.environ.get("PROTOC", "protoc"), "-I", str(PROTO), "--include_source_info",
                   "--descriptor_set_out=" + out, *names]
        try:
            subprocess.run(command, check=True)
        except FileNotFoundError:
            sys.exit(f"{SELF}: protoc is not installed (Debian: protobuf-compiler)")
        except subprocess.CalledProcessError:
            sys.exit(f"{SELF}: protoc refuses the proto files, see above")
        files = decode("Set", Path(out).read_bytes())["file"]
    for file in files:
        places = {tuple(place["path"] or ()): place for place in file["source"]["location"]}
        syntax = places[(12,)]
        file["comment"] = "\n".join(syntax["detached"]) + (syntax["comment"] or "")
        file["things"] = list(walk(file, places, (), FILE_CHILDREN))
    return files


def walk(parent, places, path, lists):
    """Gives everything below `parent` its comment and line, and yields it as (kind, thing, parent)."""
    for kind, number in lists.items():
        for index, thing in enumerate(parent.get(kind, [])):
            place = places.get(path + (number, index))
            if place is None:  # Made by protoc: a map's entry, an optional field's oneof.
                continue
            thing["comment"] = (place["comment"] or "").strip("\n")
            thing["line"] = place["span"][0] + 1
            yield kind, thing, parent
            yield from walk(thing, places, path + (number, index), CHILDREN)


def violations(file, names):
    for kind, thing, parent in file["things"]:
        problems = []
        if not thing["comment"].strip():
            problems.append("has no comment")
        if kind == "nested" or kind == "enum" and "field" in parent:
            problems.append("is nested: the page shows messages and enumerations of the top level only")
        if kind == "field":
            info = (thing["options"] or {}).get("info")
            measured = thing["optional"] and thing["type"] != MESSAGE_TYPE and MEASURED.search(parent["name"])
            if measured and info is None:
                problems.append("is a measured field without (field) annotation")
            if info is not None:
                problems += annotation_problems(thing, info, measured, names)
        for problem in problems:
            yield f"proto/{file['name']}:{thing['line']}: {parent['name']}: {thing['name']} {problem}"


def annotation_problems(field, info, measured, names):
    kind, unit = names["FieldKind"].get(info["kind"]), names["Unit"].get(info["unit"])
    if not info["kind"]:
        yield "has an annotation without kind"
    if measured and not info["windows"] and not info["linux"]:
        yield "names no source"
    for system in ("windows", "linux"):
        if info[system + "_bits"] and not info[system]:
            yield f"has {system}_bits without {system}"
    if kind == "counter" and info["windows_bits"] == 32 and SCALARS.get(field["type"]) != "uint64":
        yield "is a 32-bit counter at the source, so it must be uint64"
    if UNIT_NAMES.get(names["unit_keys"].get(info["unit"]), "") not in field["name"]:
        yield f"does not have its unit ({unit}) in its name"


def enum_names(files):
    """Short names for the numbers of the annotation's enums: {"FieldKind": {1: "counter", …}, …}."""
    result = {"unit_keys": {}}
    for enum in next(f for f in files if f["name"].endswith("/annotations.proto"))["enum"]:
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum["name"]).upper() + "_"
        keys = {v["number"] or 0: v["name"][len(prefix):] for v in enum["value"]}
        result[enum["name"]] = {n: k.lower().replace("_", " ") for n, k in keys.items() if n}
        if enum["name"] == "Unit":
            result["unit_keys"] = keys
    return result


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("*", "\\*").replace("|", "\\|")


def prose(comment):
    """A comment as paragraphs; indented lines stay as they are, in a code block."""
    out, code = [], False
    for line in comment.rstrip().split("\n"):
        line = line[1:] if line.startswith(" ") else line
        if line.startswith("  ") != code:
            code = not code
            out.append("```text" if code else "```")
            if code:
                out.insert(-1, "")
        out.append(line.rstrip() if code else escape(line.strip()))
    return "\n".join(out + ["```"] * code) + "\n"


def cell(comment):
    paragraphs = re.split(r"\n\s*\n", comment.strip())
    return "<br>".join(escape(" ".join(p.split())) for p in paragraphs)


def table(heads, rows):
    """A table without the columns that are empty in every row."""
    keep = [i for i in range(len(heads)) if any(row[i] for row in rows)]
    lines = [[heads[i] for i in keep], ["---"] * len(keep), *([row[i] for i in keep] for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def type_text(field, message, names):
    type_name = (field["type_name"] or "").lstrip(".")
    entry = next((n for n in message["nested"] if type_name.endswith("." + n["name"])), None)
    if entry:
        key, value = (type_text(f, entry, names) for f in entry["field"])
        return f"map of {key} to {value}"
    text = SCALARS.get(field["type"]) or link(type_name)
    return ("repeated " if field["label"] == REPEATED else "optional " if field["optional"] else "") + text


def link(type_name):
    short = type_name.lstrip(".").removeprefix("farstat.v1.")
    return short if "." in short else f"[{short}](#{short.lower()})"


def source(info, system):
    bits = info[system + "_bits"]
    return f"`{info[system]}`" + (f" ({bits})" if bits else "") if info[system] else ""


def field_row(field, message, names):
    info = (field["options"] or {}).get("info") or decode("Info", b"")
    return ["`" + field["name"] + "`", type_text(field, message, names),
            names["FieldKind"].get(info["kind"], ""), names["Unit"].get(info["unit"], ""),
            source(info, "windows"), source(info, "linux"), info["rfc"] or "",
            names["Sensitivity"].get(info["sensitivity"], ""), cell(field["comment"])]


def section(file, names):
    stem = Path(file["name"]).stem
    out = [f"## {TITLES.get(stem, stem)}\n", f"File `proto/{file['name']}`.\n", prose(file["comment"])]
    for service in file["service"]:
        out += [f"### {service['name']}\n", prose(service["comment"])]
        for m in service["method"]:
            stream = "stream of " if m["server_streaming"] else ""
            out += [f"#### {service['name']}.{m['name']}\n",
                    f"{link(m['input'])} → {stream}{link(m['output'])}\n", prose(m["comment"])]
    heads = ["Field", "Type", "Kind", "Unit", "Windows (bits)", "Linux (bits)", "Standard", "Sensitivity", "Meaning"]
    for message in file["message"]:
        out += [f"### {message['name']}\n", prose(message["comment"])]
        if message["field"]:
            out.append(table(heads, [field_row(f, message, names) for f in message["field"]]))
    for enum in file["enum"]:
        out += [f"### {enum['name']}\n", prose(enum["comment"]),
                table(["Value", "Number", "Meaning"],
                      [[f"`{v['name']}`", str(v["number"] or 0), cell(v["comment"])] for v in enum["value"]])]
    return out


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(f"usage: {SELF} [--check]")
    files = load()
    names = enum_names(files)
    order = list(TITLES)
    files.sort(key=lambda f: (order.index(s) if (s := Path(f["name"]).stem) in order else len(order), f["name"]))
    page = "\n".join([INTRO] + [part for file in files for part in section(file, names)])
    problems = [problem for file in files for problem in violations(file, names)]
    if arguments:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
            problems.append(f"docs/reference.md is not current: run {SELF}")
    else:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page, encoding="utf-8")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
