"""What only a GPU can show: devices, bfloat16 claims through the real path, tests marked cuda, a step against fla's.

Run from the checkout's root, with the extra ``cuda`` installed, on a machine with an NVIDIA GPU::

    PYTHONPATH=src python benchmarks/gpu_check.py --data ../shared/data --out gpu_check_out
    PYTHONPATH=src python benchmarks/gpu_check.py --device cpu --out out   # the same logic, small, on any machine
    PYTHONPATH=src python benchmarks/gpu_check.py --part step              # one part, in this process

Parts: ``device`` (what Python recipes and programs are told), ``step`` (a training step of RWKV-7 0.19B in bf16, ours
plain and seeded, and flash-linear-attention's own model: medians of 8), ``claims`` (one seed of two or three arms of
two claims of ``claims/future_seed/logs``, 4 steps, on random weights of the released sizes), ``tests`` (those marked
cuda), ``quick`` (``rightcopy_quick`` with one seed). Each is a process of its own with a time limit, so that one that
hangs loses itself alone; its output goes to ``OUT/PART.txt`` as it comes and its figures to ``OUT/figures.json``.
flash-linear-attention tunes its kernels for a minute per dtype the first time; all parts share the caches.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SECONDS = {"device": 40, "step": 130, "claims": 150, "tests": 90, "quick": 150}
PREFIX = "figure: "
RECIPES = {f"future_seed.{name}": f"evenhand_systems.future_seed.{name}.recipe:run" for name in ("inplace", "prompt")}
CLAIMS = {"r22_sudoku4": ("off", "initial", "per_step"), "r24_punctuation": ("off", "initial")}
CHECKPOINT = "../../../../shared/checkpoints/rwkv7-g1d-0.1b-20260129-ctx8192.pth"
ARMS = {
    "off": 'role = "baseline"',
    "initial": 'role = "variant"\nsettings = { "seeding.mode" = "initial", "seeding.variant" = "inputgate" }',
    "per_step": 'role = "variant"\nsettings = { "seeding.mode" = "per_step" }',
}
RUNG = '[[rung]]\nname = "confirm"\nbudget = 4\nseeds = [0]\nitems = 4\n[limits]\nseconds = 140\n'


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    device: str
    data: Path | None
    end: float
    """On the clock of ``time.monotonic``."""

    @property
    def small(self) -> bool:
        """Whether sizes are cut down to what a CPU does in seconds."""
        return self.device == "cpu"


def figure(figure: str, **values: Any) -> None:
    """Print a figure for the parent process to collect."""
    print(PREFIX + json.dumps({"figure": figure, **values}), flush=True)


def device(asked: Asked) -> None:
    """What this machine is, and which device recipes and programs are told."""
    import torch

    from evenhand.claims.load import exploratory_trial
    from evenhand.execution.machine import choose_device, machine
    from evenhand.execution.worker import Job, run
    from evenhand.recipes import catalogue
    from evenhand_systems.processor import multiplies_bf16

    figure("machine", torch=torch.__version__, cuda=torch.version.cuda, bf16_cpu=multiplies_bf16(), **machine())
    figure("device of Python recipes", found=choose_device())
    program = (
        "import json, os; told = json.load(open(os.environ['EVENHAND_REQUEST']))['device'];"
        "json.dump({'metrics': {'cuda': float(told == 'cuda')}}, open(os.environ['EVENHAND_OUTCOME'], 'w'))"
    )
    trial = exploratory_trial(
        catalogue.find("command"), {"argv": [sys.executable, "-c", program]}, unit="steps", amount=1, seed=0, items=None
    )
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Job(trial, folder, folder, folder))
    failure = None if outcome.failure is None else outcome.failure.message
    figure("device of programs", told=dict(outcome.metrics), note=outcome.notes.get("device"), failure=failure)
    if asked.device == "cuda":
        import fla
        import triton

        figure("libraries", fla=fla.__version__, triton=triton.__version__)


def step(asked: Asked) -> None:
    """A training step at the released model's sizes: forward, backward and AdamW, bf16 under autocast."""
    import torch

    from evenhand_systems.rwkv7 import RWKV7, RWKV7Config, Seeding, SeedingSettings, choose_backend
    from evenhand_systems.rwkv7.kernel import cuda

    small = {"layers": 2, "width": 64, "vocabulary": 64, "decay_rank": 8, "rate_rank": 8, "value_rank": 8}
    small["gate_rank"] = 8
    config = RWKV7Config(**(small if asked.small else {"layers": 12, "width": 768}))
    rows, steps = (2, 32) if asked.small else (8, 1024)
    figure("kernel", chosen=vars(choose_backend(asked.device, torch.bfloat16)))

    weights = RWKV7(config, generator=torch.Generator().manual_seed(0))
    Contestant = tuple[torch.nn.Module, Callable[[torch.Tensor], torch.Tensor]]

    def ours(settings: SeedingSettings | None = None) -> Contestant:
        model = copy.deepcopy(weights).to(asked.device)
        seeding = None if settings is None else Seeding(settings, config).to(asked.device)
        return model, lambda ids: model(ids, seeding=seeding)[0]

    def peer() -> Contestant:
        from fla.models import RWKV7Config as PeerConfig
        from fla.models import RWKV7ForCausalLM

        decay, rate, value, gate = config.ranks
        sizes = {"vocab_size": config.vocabulary, "hidden_size": config.width, "num_hidden_layers": config.layers}
        ranks = {"decay_low_rank_dim": decay, "a_low_rank_dim": rate, "v_low_rank_dim": value}
        with torch.device(asked.device):
            model = RWKV7ForCausalLM(PeerConfig(**sizes, **ranks, gate_low_rank_dim=gate, head_dim=64)).train()
        return model, lambda ids: model(input_ids=ids, use_cache=False).logits

    contestants: dict[str, Callable[[], Contestant]] = {
        "ours": ours,
        "fla's model": peer,
        "ours, seeded at the start": lambda: ours(SeedingSettings(detach=False)),
        "ours, bf16 weights": ours,
        "fla's model, bf16 weights": peer,
        "ours, seeded per step": lambda: ours(SeedingSettings(mode="per_step")),
        "ours, again": ours,
    }
    for name, make in contestants.items():
        if name.startswith("fla") and (asked.small or not cuda.available()):
            figure("step", contestant=name, missing="flash-linear-attention and a GPU are needed")
            continue
        try:
            _time_step(name, make, rows, steps, config.vocabulary, asked)
        except Exception as error:  # one contestant that fails does not take the others' figures away
            traceback.print_exc()
            figure("step", contestant=name, failure=f"{type(error).__name__}: {error}"[:1000])


def _time_step(
    name: str,
    make: Callable[[], tuple[Any, Callable[[Any], Any]]],
    rows: int,
    steps: int,
    vocabulary: int,
    asked: Asked,
) -> None:
    import torch
    import torch.nn.functional as F

    on_gpu = asked.device == "cuda"
    if on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    model, logits_of = make()
    if "bf16 weights" in name:
        model.to(torch.bfloat16)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(vocabulary, (rows, steps + 1), generator=generator).to(asked.device)
    losses = []

    def once() -> float:
        if on_gpu:
            torch.cuda.synchronize()
        start = time.perf_counter()
        with torch.autocast(asked.device, dtype=torch.bfloat16, enabled="bf16 weights" not in name):
            loss = F.cross_entropy(logits_of(ids[:, :-1]).flatten(0, 1).float(), ids[:, 1:].flatten())
        loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(float(loss.detach()))  # waits for the device
        return time.perf_counter() - start

    first = once()
    for _ in range(2):
        once()
    times = [once() for _ in range(8)]
    memory = round(torch.cuda.max_memory_allocated() / 2**30, 2) if on_gpu else None
    weights = sum(p.numel() for p in model.parameters())
    card = torch.cuda.get_device_name(0) if on_gpu else "cpu"
    figure(
        "step", contestant=name, milliseconds=round(1e3 * median(times), 2), all_ms=[round(1e3 * t, 2) for t in times],
        tokens_per_second=round(rows * steps / median(times)), first_step_seconds=round(first, 2), peak_gib=memory,
        rows=rows, tokens=steps, weights=weights, first_loss=losses[0], last_loss=losses[-1], card=card,
    )  # fmt: skip
    if on_gpu and name == "ours":
        _profile(once)


def _profile(once: Callable[[], float]) -> None:
    import torch

    activities = [torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profiler:
        once()
    events = sorted(profiler.key_averages(), key=lambda event: -event.self_device_time_total)
    total = sum(event.self_device_time_total for event in events)
    for event in events[:20]:
        print(f"{event.self_device_time_total / total:6.1%} x{event.count:<5d} {event.key[:100]}", flush=True)
    figure("profile of a step", busy_ms=round(total / 1e3, 2), kernels=sum(event.count for event in events))


def claims(asked: Asked) -> None:
    """Trials of claims in bf16 as `evenhand run` makes them: forked workers, bench, ledger."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _stand_in_checkpoint(folder / "checkpoint.pth", asked)
        for claim, arms in CLAIMS.items():
            path = folder / f"{claim}.toml"
            path.write_text(_cut_down(claim, arms, folder, asked), encoding="utf-8")
            now = time.monotonic()
            share = 0.65 if claim == next(iter(CLAIMS)) else 1.0  # the first has the kernels tuned
            _run_claim(path, folder / "ledger", now + share * (asked.end - now))


def _cut_down(claim: str, arms: Sequence[str], folder: Path, asked: Asked) -> str:
    """A claim's own settings and metrics, with few arms, steps and items, and the stand-in for its checkpoint."""
    text = (ROOT / "claims" / "future_seed" / "logs" / f"{claim}.toml").read_text(encoding="utf-8")
    text = text.split("[[arm]]", 1)[0].replace(CHECKPOINT, str(folder / "checkpoint.pth"))
    text = text.replace('unit = "seconds"', 'unit = "steps"')
    if asked.data is not None:
        text = text.replace("../../../../shared/data", str(asked.data.resolve()))
    if asked.small:  # shorter texts, no more words than the small model knows, and what every CPU is let do
        text = text.replace('precision = "bf16"', 'precision = "fp32"')
        text = re.sub(r"(?m)^(vocabulary|length|answer_length) = .*$", "", text).replace("notes = 12", "notes = 1")
        text = text.replace("[settings.data]", "[settings.data]\nlength = 200\nanswer_length = 24")
    chosen = "".join(f'[[arm]]\nname = "{arm}"\n{ARMS[arm]}\n' for arm in arms)
    return _installed_or_not(text) + chosen + RUNG


def _stand_in_checkpoint(path: Path, asked: Asked) -> None:
    """Random weights in the sizes of the released model of 0.19B, stored as it is."""
    import torch

    from evenhand_systems.rwkv7 import RWKV7, RWKV7Config, save_checkpoint

    small = {"layers": 2, "width": 64, "head_size": 16, "vocabulary": 300}
    config = RWKV7Config(**(small if asked.small else {"layers": 12, "width": 768}))
    save_checkpoint(RWKV7(config, generator=torch.Generator().manual_seed(0)), path, dtype=torch.bfloat16)


def quick(asked: Asked) -> None:
    """The demo's quick claim with one seed: three trials of 122,880 tokens."""
    text = (ROOT / "claims" / "future_seed" / "rightcopy_quick.toml").read_text(encoding="utf-8")
    text = text.replace("seeds = [0, 1, 2]", "seeds = [0]")
    if asked.small:
        text = text.replace("budget = 122880", "budget = 4096")
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "rightcopy_quick.toml"
        path.write_text(_installed_or_not(text), encoding="utf-8")
        _run_claim(path, Path(name) / "ledger", asked.end)


def _installed_or_not(text: str) -> str:
    """The claim with its recipe named by module, since a checkout that is only on the path has no entry points."""
    for name, reference in RECIPES.items():
        text = text.replace(f'recipe = "{name}"', f'recipe = "{reference}"')
    return text


def _run_claim(path: Path, ledger: Path, end: float) -> None:
    """`evenhand run`, one trial at a time and interrupted in time, and what its trials noted."""
    from evenhand.claims.load import all_trials, load_claim
    from evenhand.ledger import Ledger

    command = [sys.executable, "-m", "evenhand", "run", str(path), "--ledger", str(ledger), "-j", "1"]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=path.parent)
    try:
        process.wait(max(1.0, end - 12 - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # finished trials are in the ledger
        process.wait(10)
    figure("claim", claim=path.stem, exit_code=process.returncode, seconds=round(time.perf_counter() - start, 1))
    trials = all_trials(load_claim(path).resolved)
    records = Ledger(ledger, create=False).latest([trial.id for trial in trials])
    for trial in trials:
        if trial.id not in records:
            continue
        record = records[trial.id]
        outcome, notes = record.outcome, record.outcome.notes
        failure = None if outcome.failure is None else outcome.failure.message[:1500]
        scores = {name: sum(items.scores) / max(1, len(items.scores)) for name, items in outcome.items.items()}
        figure(
            "trial", claim=path.stem, arm=trial.arm, seed=trial.seed, device=notes.get("device"),
            kernel=notes.get("kernel"), spent=dict(outcome.spent), scores=scores, failure=failure,
            seconds=getattr(record.execution, "seconds", None),
        )  # fmt: skip


def tests(asked: Asked) -> None:
    """The tests marked cuda, and one about forks that a machine with a GPU has failed before."""
    folder = "tests/evenhand_systems/rwkv7"
    forked = f"{folder}/test_kernel.py::test_making_the_kernels_ready_before_a_fork_starts_no_thread_either"
    for name, chosen in (("marked cuda", [folder, "-m", "cuda"]), ("forks", [forked])):
        command = [sys.executable, "-m", "pytest", "-vrA", "--durations=5", "-p", "no:cacheprovider", *chosen]
        start = time.perf_counter()
        ended = subprocess.run(command, check=False, cwd=ROOT)
        figure("tests", which=name, exit_code=ended.returncode, seconds=round(time.perf_counter() - start, 1))


PARTS: dict[str, Callable[[Asked], None]] = {
    "device": device, "step": step, "claims": claims, "tests": tests, "quick": quick,
}  # fmt: skip


def run_part(name: str, arguments: list[str], out: Path, seconds: float) -> None:
    """One part as a process group of its own, ended with all that it started when its time is over."""
    start = time.perf_counter()
    limit = ["--seconds", str(seconds)]
    command = [sys.executable, str(Path(__file__).resolve()), "--part", name, *limit, *arguments]
    with (out / f"{name}.txt").open("w", encoding="utf-8") as text:
        process = subprocess.Popen(command, stdout=text, stderr=subprocess.STDOUT, cwd=ROOT, start_new_session=True)
        try:
            ended: int | str = process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            ended = f"stopped after {seconds:.0f} s"
        took = time.perf_counter() - start
        text.write(f"\n{PREFIX}{json.dumps({'figure': 'part', 'ended': ended, 'seconds': round(took, 1)})}\n")
    figures = {part: list(_figures(out / f"{part}.txt")) for part in PARTS if (out / f"{part}.txt").is_file()}
    (out / "figures.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(f"== {name}: {ended}, {took:.0f} s", flush=True)
    for found in figures[name]:
        print("  ", json.dumps(found)[:600], flush=True)


def _figures(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith(PREFIX):
            yield json.loads(line.removeprefix(PREFIX))


def _set_caches() -> None:
    """One place for all compiled and tuned kernels, before anything imports Triton."""
    caches = Path(os.environ.get("EVENHAND_GPU_CACHE", Path(tempfile.gettempdir()) / "evenhand_gpu_cache"))
    os.environ.setdefault("TRITON_CACHE_DIR", str(caches / "triton"))
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(caches / "inductor"))
    os.environ.setdefault("TRITON_CACHE_AUTOTUNING", "1")
    os.environ.setdefault("FLA_CACHE_RESULTS", "1")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH", "")])])
    os.environ["PYTHONUNBUFFERED"] = "1"


def main() -> None:
    """All parts, or one of them in this process."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--data", type=Path, default=None, help="folder with hotpotqa and rwkv_vocab")
    parser.add_argument("--out", type=Path, default=Path("gpu_check_out"))
    parser.add_argument("--part", choices=list(PARTS), default=None)
    parser.add_argument("--seconds", type=float, default=345.0, help="for everything")
    chosen = parser.parse_args()
    _set_caches()
    if chosen.part is not None:
        PARTS[chosen.part](Asked(chosen.device, chosen.data, time.monotonic() + chosen.seconds))
        return
    chosen.out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + chosen.seconds
    data = [] if chosen.data is None else ["--data", str(chosen.data.resolve())]
    arguments = ["--device", chosen.device, *data]

    def part(name: str) -> None:
        run_part(name, arguments, chosen.out.resolve(), max(5.0, min(SECONDS[name], end - time.monotonic())))

    def chain() -> None:  # the tests find the kernels that the claims had compiled
        part("claims")
        part("tests")

    part("device")
    part("step")  # alone: it is timed
    with ThreadPoolExecutor(2) as beside:
        for running in (beside.submit(chain), beside.submit(part, "quick")):
            running.result()


if __name__ == "__main__":
    main()
