"""Debian packages of documentation: which, how they are had, and whether a file is what was published."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evenhand.data.reading import check_file
from evenhand.errors import DataError
from evenhand.files import file_hash

Say = Callable[[str], None]


@dataclass(frozen=True)
class Package:
    """A package whose text is learned.

    Attributes:
        name: as Debian calls it.
        version: that was read when this was written.
        sha256: of that version's file, 64 hex digits.
        licence: of its text, in short; the package's own words are kept beside the text.
        kind: how its files are read, see :mod:`evenhand_systems.rwkv7.small.plain`.
        pattern: which of its files are text, relative to the root of the file system.
    """

    name: str
    version: str
    sha256: str
    licence: str
    kind: str
    pattern: str


PACKAGES = (
    Package(
        "dict-gcide", "0.48.5+nmu2", "7b0af5cfde3cbdef5e9d6e78f92ec335ced7c2790f37a40f49bebc6f7347ac0f",
        "GPL-2+ (Webster of 1913: public domain)", "dictionary", "usr/share/dictd/*.dict.dz",
    ),
    Package(
        "dict-wn", "1:3.0-37", "ed99e0bf162815dc1cc69de3727eedd7112ddf170badf83dbde26209e0724a8c",
        "WordNet 3.0", "dictionary", "usr/share/dictd/*.dict.dz",
    ),
    Package(
        "debian-handbook", "11.20220922", "3d5dbeac1f1afc9c094eab9d0f701f6ecff99c4927d5a4794cf6c85678134faa",
        "GPL-2+ or CC-BY-SA-3.0", "html", "usr/share/doc/debian-handbook/html/en-US/*.html",
    ),
    Package(
        "libreoffice-help-en-us", "4:7.4.7-1+deb12u14",
        "8faa840285734d6cfe1ed25537b48f07e74bd6412e3917bf8e5f8a653f7b3712",
        "MPL-2.0", "html", "usr/share/libreoffice/help/en-US/text/**/*.html",
    ),
    Package(
        "perl-doc", "5.36.0-7+deb12u4", "f4269cff4576d6f02a6756df842988e58451c7e945b08517dd235531b24e48f8",
        "GPL-1+ or Artistic", "lines", "usr/share/perl/**/*.pod",
    ),
    Package(
        "python3.11-doc", "3.11.2-6+deb12u9", "5b3594189d6ef9a6963ce0347fd307a1cc67620ad697e144db366070e2e146be",
        "PSF-2", "lines", "usr/share/doc/python3.11/html/_sources/**/*.rst.txt",
    ),
    Package(
        "linux-doc-6.1", "6.1.192-2", "d1d1b5a602f0d439ecc39e713e044bf2df30d839fb4bf8a7b859ba3273c47993",
        "GPL-2", "lines", "usr/share/doc/linux-doc-6.1/Documentation/**/*.rst.gz",
    ),
)  # fmt: skip
"""Some 100 MB of plain English text, its licences told."""


def obtained(packages: Sequence[Package], folder: Path | None, meanwhile: Path, say: Say) -> dict[str, Path]:
    """The file of every package, by name: those of a folder, or downloaded with apt-get into ``meanwhile``.

    Raises:
        DataError: one cannot be had, or is not what was published.
    """
    if folder is None:
        say(f"Downloading {len(packages)} Debian packages with apt-get ...")
        _download([package.name for package in packages], meanwhile)
    return {package.name: _found(package, folder or meanwhile, say) for package in packages}


def _download(names: Sequence[str], folder: Path) -> None:
    elsewhere = "run `apt-get download " + " ".join(names) + "` where that works and name the folder with --packages"
    if shutil.which("apt-get") is None:
        raise DataError(f"There is no apt-get here to download the text with: {elsewhere}.")
    command = ["apt-get", "download", "-q", *names]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        told = next((line for line in done.stderr.splitlines() if line.startswith("E:")), "it says nothing")[:200]
        raise DataError(f"apt-get could not download the text ({told}): run `apt-get update`, or {elsewhere}.")


def _found(package: Package, folder: Path, say: Say) -> Path:
    """The package's file, in whichever version; checked against what is known of it."""
    files = sorted(folder.glob(f"{package.name}_*.deb"))
    if len(files) != 1:
        what = "no file" if not files else f"{len(files)} files"
        raise DataError(
            f"{folder} holds {what} of the package {package.name} ({package.name}_VERSION_all.deb): one is wanted."
        )
    check_file(files[0])
    version = _field(files[0], "Version")
    if version != package.version:
        say(f"{package.name} is version {version}, not {package.version}: the model will be another.")
    elif file_hash(files[0]) != package.sha256:
        raise DataError(
            f"{files[0]} is not the published {package.name} {package.version} (its sha256 is another): it is damaged "
            "or was changed. Download it again."
        )
    return files[0]


def _field(file: Path, name: str) -> str:
    return _dpkg(file, "--field", str(file), name).strip()


def unpack(file: Path, folder: Path) -> None:
    """Lay out a package's files under a folder; nothing of it is installed or run.

    Raises:
        DataError: the file is damaged, or there is no dpkg-deb here.
    """
    _dpkg(file, "--extract", str(file), str(folder))


def _dpkg(file: Path, *arguments: str) -> str:
    if shutil.which("dpkg-deb") is None:
        raise DataError("There is no dpkg-deb here to unpack Debian packages with: install the package dpkg.")
    done = subprocess.run(["dpkg-deb", *arguments], capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        told = (done.stderr.strip().splitlines() or ["it says nothing"])[0][:200]
        raise DataError(f"{file} is no sound Debian package ({told}): download it again.")
    return done.stdout
