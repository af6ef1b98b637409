#!/usr/bin/env python3
"""Includes point one way: proto <- common <- {agent, client}; in the agent sources and feed know neither each other nor
gRPC, families joins them, hosts puts the families of a system together, rpc serves families, and agent.cc joins a host and
its server."""

import re

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')
GRPC = r"(grpcpp|grpc)/|.*\.grpc\.pb\.h"
# Who (by path) | must not include what | why, and what to do instead. The first match is reported.
RULES = [
    (r"common/", r"(agent|client)/",
     "common/ is what both sides use and knows neither; move what is needed down into common/, or out of it"),
    (r"client/", r"agent/", "the client knows the agent through proto/ only; what both need belongs to common/"),
    (r"agent/", r"client/", "the agent knows the client through proto/ only; what both need belongs to common/"),
    (r"agent/(sources|feed|families|hosts)/", GRPC + r"|common/(grpc_status|tls)\.h",
     "no gRPC here: return absl::Status and plain data, agent/rpc/ converts"),
    (r"(?!agent/rpc/|agent/simulator/.*_test\.cc$|client/|common/(grpc_status|tls)[._]|tests/)", GRPC,
     "gRPC is included in agent/rpc/, client/, common/grpc_status.* and common/tls.* alone; go through those"),
    (r"agent/sources/", r"agent/(?!sources/)", "a source knows nothing of the rest of the agent; agent/families/ joins it to a table"),
    (r"agent/feed/", r"agent/(?!feed/)", "the feed knows rows, not where they come from; agent/families/ joins it to a source"),
    (r"agent/feed/", r"(sys|linux|net|netinet|arpa)/|unistd\.h|windows\.h", "the feed makes no OS calls; take a clock or a callback"),
    (r"agent/families/", r"agent/(?!families/|feed/|sources/)", "families know sources and feed only; agent/rpc/ builds on families"),
    (r"agent/hosts/", r"agent/(?!hosts/|families/|feed/|sources/)", "a host knows nothing of who serves it; agent.cc joins them"),
    (r"agent/hosts/(?!.*_test\.cc$)", r"agent/sources/simulated/", "a simulated Windows is a Windows; agent/simulator/ fills the table of calls"),
    (r"agent/(?!simulator/)", r"agent/simulator/", "the agent knows nothing of its simulator"),
    (r"agent/rpc/", r"agent/(?!rpc/|families/|feed/)", "rpc serves families and feed; hand it an interface of agent/families/"),
    (r"agent/(?!hosts/|simulator/|sources/)", r"agent/sources/(linux|windows|simulated)/",
     "only agent/hosts/ knows the system; take the interface from agent/sources/"),
    (r"(?!.*_windows(_test)?\.cc$|agent/sources/windows/abi_check\.h|common/sockets\.h)", r"(windows|winsock2|ws2tcpip|io)\.h",
     "Windows is asked in *_windows.cc alone, so that everything else compiles anywhere and has no macros of its headers"),
    (r"(?!tests/|.*_test\.cc$)", r"tests/|g(test|mock)/|benchmark/", "test code is not part of the product"),
]


def main():
    violations = []
    rules = [(re.compile(who), re.compile(what), why) for who, what, why in RULES]
    for path in tree.files(*tree.CPP):
        applying = [(what, why) for who, what, why in rules if who.match(path)]
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            include = INCLUDE.match(line)
            found = include and next((why for what, why in applying if what.match(include[1])), None)
            if found:
                violations.append(f"{path}:{number}: includes {include[1]}: {found}")
    tree.finish(violations)


main()
