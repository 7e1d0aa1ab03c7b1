"""The licence texts of all that crates are built from: licences.py OUTPUT MANIFEST...

From the files that each crate has beside its sources, as its authors wrote them; macros and build scripts are not shipped and left
out. One without such a file is named with its licence, whose text another has. Which licences may be is deny.toml's affair. What is
linked without being a crate, Rust's standard library and what Zig brings, has its texts in rustc's folder and in the Python package.
"""

import collections
import html
import importlib.metadata
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


def standard_library() -> dict[str, list[str]]:
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], check=True, capture_output=True, text=True).stdout.strip()
    folder = pathlib.Path(sysroot, "share", "doc", "rust")
    page = folder / "COPYRIGHT-library.html"
    name = "Rust's standard library (Apache-2.0 OR MIT)"
    if not page.exists():
        return {"Copyright: The Rust Project Developers (see https://thanks.rust-lang.org)": [name]}
    own, *crates = re.split(r"<h3>\W*(?=\w)", page.read_text(encoding="utf-8"))
    own = re.sub(r"<[^>]*>", "", own[own.index('id="in-tree-files"') : own.index('id="out-of-tree-dependencies"')].partition(">")[2])
    found = {re.sub(r"\s*\n\s*", "\n", html.unescape(own)).strip(): [name]}
    found[(folder / "licenses" / "Unicode-3.0.txt").read_text().strip()] = [f"{name}, tables of Unicode"]
    for crate in crates:
        title, licence = crate.partition("<")[0], re.search(r"License:</b> *([^<]*)", crate)[1]
        for text in re.findall(r"<pre[^>]*>(.*?)</pre>", crate, re.DOTALL):
            found.setdefault(html.unescape(text).strip(), []).append(f"{title.strip()} ({licence.strip()}), in Rust's standard library")
    return found


def from_zig() -> dict[str, list[str]]:
    zig = importlib.metadata.distribution("ziglang")
    names = {
        "LICENSE": "Zig's compiler-rt (MIT)",
        "lib/libunwind/LICENSE.TXT": "LLVM's libunwind (Apache-2.0 WITH LLVM-exception), where libgcc_s has not its place",
        "lib/libc/musl/COPYRIGHT": "musl (MIT), in static programs for Linux",
        "lib/libc/mingw/COPYING": "MinGW-w64's runtime (ZPL-2.1), in what is built with Zig for Windows",
    }
    return {pathlib.Path(zig.locate_file(f"ziglang/{file}")).read_text(encoding="utf-8").strip(): [name] for file, name in names.items()}


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
    for found in (standard_library(), from_zig()):
        for text, names in found.items():
            users[text] += names
    with output.open("w", encoding="utf-8") as to:
        to.write("What kmsak is built from, and under which licences.\n")
        for text, names in sorted(users.items(), key=lambda item: item[1]):
            to.write(f"\n{'=' * 80}\n" + "\n".join(dict.fromkeys(names)) + f"\n\n{text}\n")
        if without:
            to.write(f"\n{'=' * 80}\nThese come without a text of their own; those of their licences stand above.\n")
            to.write("\n".join(without) + "\n")


main(pathlib.Path(sys.argv[1]), [pathlib.Path(one).resolve() for one in sys.argv[2:]])
