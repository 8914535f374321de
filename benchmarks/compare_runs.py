"""Comparing runs that exist: 50 runs x 20,000 items read, paired and decided; and two runs beside the peers.

    python benchmarks/compare_runs.py               # everything; makes its files in a temporary folder, about 700 MB
    python benchmarks/compare_runs.py --no-peers    # without installing evalci and paired-eval there

Each line is a process of its own, from its imports to the verdict; processor time stands beside wall time, since on a
busy machine it is the steadier figure. The peers get the same scores in the same process; their own reader of lm-eval
logs is used where they have one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ARMS, SEEDS, ITEMS = 5, 10, 20_000
PEER_ITEMS = 2_000
PEERS = ("evalci==0.1.0", "paired-eval==0.4.0")
TIME = "2026-01-01T00-00-00.000000"

MEASURE = """
import json, resource, sys, time
start = time.perf_counter()
{body}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
cpu = time.process_time()
print(json.dumps({{"wall": time.perf_counter() - start, "cpu": cpu, "gib": peak, "says": says}}))
"""

EVENHAND = """
import evenhand as eh
found = eh.compare(*{arms!r})
contrast = found.verdicts[0].contrasts[0]
says = [contrast.estimate, contrast.p_value, contrast.gained, contrast.lost, len(found.verdicts)]
"""

EVALCI = """
import evalci
from evalci.adapters import load_lm_eval_harness
a, b = (load_lm_eval_harness(path, model=path).sort_values("item_id").score.to_numpy() for path in {samples!r})
found = evalci.compare(b, a, method="{method}")
says = [float(found.delta), float(found.p_value), None, None, 1]
"""

PAIRED = """
import paired_eval
rows = [[json.loads(line) for line in open(path)] for path in {samples!r}]
a, b = ([row["acc"] for row in sorted(one, key=lambda row: row["doc_id"])] for one in rows)
found = paired_eval.paired_compare(b, a)
says = [found["mean_diff"], found["p_value"], found["wins"], found["losses"], 1]
"""


def right(arm: int, seed: int, items: int) -> np.ndarray:
    """Right or wrong, from a difficulty that all arms share."""
    difficulty = np.random.default_rng(0).random(items)
    return (np.random.default_rng([arm, seed]).random(items) * 0.6 + 0.25 + 0.02 * arm > difficulty).astype(float)


def parquet(folder: Path, arm: int, seed: int, items: int) -> None:
    """A run as a table."""
    folder.mkdir(parents=True)
    scores = right(arm, seed, items)
    ids, asked = [f"q{i}" for i in range(items)], [f"What is the answer to question {i}?" for i in range(items)]
    answers = ["x" if ok else f"y{arm}{seed}" for ok in scores]
    table = pa.table({"id": ids, "input": asked, "accuracy": scores, "output": answers})
    pq.write_table(table, folder / "items.parquet")


def lm_eval(folder: Path, arm: int, seed: int, items: int) -> Path:
    """A run as lm-eval logs it, rows of about 700 bytes."""
    folder.mkdir(parents=True)
    path = folder / f"samples_quiz_{TIME}.jsonl"
    with path.open("w") as file:
        for i, ok in enumerate(right(arm, seed, items)):
            question = f"What is the answer to question {i}?"
            row = {
                "doc_id": i, "doc": {"question": question, "choices": ["x", "y"], "note": "-" * 80}, "target": "x",
                "arguments": {"gen_args_0": {"arg_0": f"Question: {question}\nAnswer:", "arg_1": {"until": ["\n"]}}},
                "resps": [["x" if ok else "y"]], "filtered_resps": ["x" if ok else "y"], "filter": "none",
                "metrics": ["acc"], "doc_hash": f"{i:064x}", "prompt_hash": f"{i:064x}", "target_hash": f"{7:064x}",
                "acc": float(ok),
            }  # fmt: skip
            file.write(json.dumps(row) + "\n")
    return path


def measured(python: str, body: str) -> dict[str, object]:
    """Run a body in a process of its own."""
    done = subprocess.run([python, "-c", MEASURE.format(body=body)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def line(what: str, found: dict[str, object]) -> str:
    """A row of the table."""
    says = found["says"]
    assert isinstance(says, list)
    flips = "" if says[2] is None else f"{says[2]:,} / {says[3]:,}"
    spent = " | ".join(f"{found[key]:.2f}" for key in ("wall", "cpu", "gib"))
    return f"| {what} | {spent} | {says[0]:+.4f} | {says[1]:.3g} | {flips} |"


def peers_python(folder: Path) -> str:
    """A Python with the peers, which sees the packages that are here."""
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", str(folder)], check=True)
    python = folder / "bin" / "python"
    (here,) = {str(Path(np.__file__).parent.parent)}
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "shared.pth").write_text(here)
    subprocess.run([str(python), "-m", "pip", "install", "-q", "--no-deps", *PEERS], check=True)
    return str(python)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    head = "wall s | processor s | peak GiB | difference | p | gained / lost |"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{ARMS} arms x {SEEDS} seeds, {ITEMS:,} items each: read, paired and decided\n")
        print(f"| what | {head}\n|---|---|---|---|---|---|---|")
        for kind, write in (("parquet", parquet), ("lm_eval", lm_eval)):
            for arm in range(ARMS):
                for seed in range(SEEDS):
                    write(folder / kind / f"arm{arm}" / f"seed{seed}", arm, seed, ITEMS)
            arms = [str(folder / kind / f"arm{arm}") for arm in range(ARMS)]
            print(line(f"{kind}, {ARMS * SEEDS} runs", measured(sys.executable, EVENHAND.format(arms=arms))))
        samples = [str(lm_eval(folder / f"two{arm}", arm, 0, PEER_ITEMS)) for arm in range(2)]
        rows = [("evenhand", sys.executable, EVENHAND.format(arms=[str(Path(path).parent) for path in samples]))]
        if not options.no_peers:
            python = peers_python(folder / "peers")
            for method in ("mcnemar", "permutation"):
                rows.append((f"evalci, {method}", python, EVALCI.format(samples=samples, method=method)))
            rows.append(("paired-eval", python, PAIRED.format(samples=samples)))
        print(f"\nTwo runs of {PEER_ITEMS:,} items, beside those who can compare two\n")
        print(f"| what | {head}\n|---|---|---|---|---|---|---|")
        for what, python, body in rows:
            print(line(what, measured(python, body)))


if __name__ == "__main__":
    main()
