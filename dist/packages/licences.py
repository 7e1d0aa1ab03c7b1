"""The licence texts of all that crates are built from: licences.py OUTPUT MANIFEST...

From the files that each crate has beside its sources, as its authors wrote them; macros and build scripts are not shipped and left
out. One without such a file is named with its licence, whose text another has. Which licences may be is deny.toml's affair.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

NAMES = re.compile(r"(licen[sc]e|copying|notice|copyright|unlicense)", re.IGNORECASE)


def texts(folder: pathlib.Path) -> list[str]:
    found = [path for path in sorted(folder.iterdir()) if NAMES.match(path.name) and path.is_file()]
    found += [path for path in sorted(folder.glob("[Ll][Ii][Cc][Ee][Nn][SsCc][Ee][Ss]/*")) if path.is_file()]
    return [path.read_text(encoding="utf-8", errors="replace").strip() for path in found]


def shipped(metadata: dict, manifests: list[pathlib.Path]) -> list[dict]:
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    seen, waiting = set(), [one["id"] for one in packages.values() if pathlib.Path(one["manifest_path"]) in manifests]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for dependency in nodes[current]["deps"]:
            package = packages[dependency["pkg"]]
            is_macro = any("proc-macro" in target["kind"] for target in package["targets"])
            if not is_macro and any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    # What has no source is of this repository.
    return sorted((packages[one] for one in seen if packages[one]["source"]), key=lambda one: (one["name"], one["version"]))


def main(output: pathlib.Path, manifests: list[pathlib.Path]) -> None:
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--manifest-path", str(manifests[0])]
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    users = collections.defaultdict(list)
    without = []
    for package in shipped(metadata, manifests):
        name = f"{package['name']} {package['version']} ({package['license'] or 'see the text'})"
        found = texts(pathlib.Path(package["manifest_path"]).parent)
        for text in found:
            users[text].append(name)
        if not found:
            if not package["license"]:
                sys.exit(f"{package['name']} has neither a licence nor its text: it may not be shipped")
            without.append(f"{name} {package['repository'] or ''}")
    if not users:
        sys.exit(f"nothing is known of what {manifests} is built from")
    with output.open("w", encoding="utf-8") as to:
        to.write("What kmsak is built from, and under which licences.\n")
        for text, names in sorted(users.items(), key=lambda item: item[1]):
            to.write(f"\n{'=' * 80}\n" + "\n".join(dict.fromkeys(names)) + f"\n\n{text}\n")
        if without:
            to.write(f"\n{'=' * 80}\nThese come without a text of their own; those of their licences stand above.\n")
            to.write("\n".join(without) + "\n")


main(pathlib.Path(sys.argv[1]), [pathlib.Path(one).resolve() for one in sys.argv[2:]])
