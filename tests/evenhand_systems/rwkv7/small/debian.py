"""Small Debian packages, as the tests of the small RWKV-7 read them."""

from __future__ import annotations

import gzip
import subprocess
from dataclasses import replace
from pathlib import Path

from evenhand.files import file_hash
from evenhand_systems.rwkv7.small.packages import Package

TEXT = "the kernel reads a page of memory and writes it to the disk when no process needs it any more"
WORDS = TEXT.split(" ")


def prose(place: int, lines: int = 12) -> str:
    """Lines of words that differ from file to file."""
    return "\n".join(
        " ".join(WORDS[(place * 7 + line * 3 + k) % len(WORDS)] for k in range(9)) + "." for line in range(lines)
    )


def package(folder: Path, name: str, kind: str, pattern: str, files: dict[str, bytes]) -> Package:
    """Build a package with these files and its licence; its file stands in the folder afterwards."""
    root = folder / f"root.{name}"
    files = files | {
        "DEBIAN/control": f"Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <a@b.c>\n"
        "Description: text\n".encode(),
        f"usr/share/doc/{name}/copyright": f"The rights of {name} are nobody's.\n".encode(),
    }
    for place, content in files.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    deb = folder / f"{name}_1.0_all.deb"
    command = ["dpkg-deb", "-Znone", "--root-owner-group", "--build", str(root), str(deb)]
    subprocess.run(command, check=True, capture_output=True)
    return replace(Package(name, "1.0", "", "nobody's", kind, pattern), sha256=file_hash(deb))


def packages(folder: Path) -> tuple[Package, ...]:
    """Three packages: lines, a dictionary and HTML."""
    lines = {f"usr/share/doc/manual/{k}.rst.gz": gzip.compress(prose(k).encode()) for k in range(150)}
    foreign = {"usr/share/doc/manual/translations/x.rst.gz": gzip.compress("Übersetzung ".encode() * 40)}
    entries = "\n".join(f"{WORDS[k % 19]}{k}\n    n {k % 3}: {prose(k, 2)}" for k in range(90))
    page = (
        f"<html><head><title>no</title></head><body><p>{prose(3)}</p><script>no()</script><p>a&amp;b</p></body></html>"
    )
    return (
        package(folder, "manual", "lines", "usr/share/doc/manual/**/*.rst.gz", lines | foreign),
        package(folder, "words", "dictionary", "usr/share/dictd/*.dict.dz",
                {"usr/share/dictd/words.dict.dz": gzip.compress(entries.encode())}),
        package(folder, "pages", "html", "usr/share/doc/pages/*.html", {"usr/share/doc/pages/a.html": page.encode()}),
    )  # fmt: skip
