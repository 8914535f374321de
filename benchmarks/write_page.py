"""Run the benchmarks and write their tables into ``docs/benchmarks.md``.

    .venv/bin/python benchmarks/write_page.py [NAME ...]        (all; or those named: only their sections are replaced)

The figures are those of the machine at hand, which the page names. Quick ones: lab_overhead, statistics_speed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from evenhand.execution.machine import machine, packages

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `python benchmarks/write_page.py`; each section by the script that it names. Figures are medians, measured
side by side in one run; ratios travel better between machines than seconds do.
"""


def section(script: Path) -> str:
    """Run one benchmark; its section of the page."""
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{script.name} failed:\n{done.stderr}")
    title = (script.read_text().split('"""')[1]).strip().split("\n")[0]
    here, versions = machine(), packages()
    libraries = ", ".join(f"{name} {versions[name]}" for name in ("numpy", "torch") if name in versions)
    where = f"{here['processor']}, {here['cores']} cores, Python {here['python']}, {libraries}"
    found = done.stdout.strip()
    if "|" not in found:  # lines of text and no table: kept as lines
        found = f"```\n{found}\n```"
    return f"## {script.stem}\n\n{title}\n\n`python benchmarks/{script.name}` on {where}:\n\n{found}\n"


def main(names: list[str]) -> None:
    """Replace the sections of the named benchmarks, or write all."""
    folder = Path(__file__).parent
    scripts = sorted(p for p in folder.glob("*.py") if p.name not in ("write_page.py", "calibration.py"))
    chosen = [p for p in scripts if not names or p.stem in names]
    old = PAGE.read_text() if PAGE.exists() else ""
    sections = {
        m[1]: m[0].strip() + "\n" for m in re.finditer(r"^## (\S+)\n.*?(?=^## |\Z)", old, re.DOTALL | re.MULTILINE)
    }
    for script in chosen:
        print(f"{script.name} ...", file=sys.stderr, flush=True)
        sections[script.stem] = section(script)
        ordered = [sections[key] for key in sorted(sections)]
        PAGE.write_text(HEAD + "\n" + "\n".join(ordered))


if __name__ == "__main__":
    main(sys.argv[1:])
