"""The live board: 10,000 trials in the ledger, 16 that run, 20 viewers who come at one instant; how long a page takes.

    .venv/bin/python benchmarks/board_speed.py [--trials 10000] [--viewers 20] [--seconds 60]

`evenhand board` serves in a process of its own. Another one is the writer: ten trials end each second, those that run
write their progress files, and the driver's note is written once a second. The viewers are a third: all begin at one
instant, each opens a stream that it holds, and asks for a page once a second, the board, the largest claim, the running
trials and the families in turn; a barrier keeps them together, so that each second twenty requests come at once. A
page's time is from the request to its last byte. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import asdict
from http.client import HTTPConnection
from pathlib import Path
from unittest import mock

import numpy as np

from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Failure, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.watching import ClaimSeen, RunSeen, TrialSeen
from evenhand.testing.worlds import claim_of, two_arms

TEXT = two_arms(
    head='name = "claim{i}"\nitem_seed = {i}',
    more='[[condition]]\nname = "first"\n[[condition]]\nname = "last"\nsettings.condition_effect = 0.5',
    budget=1000,
    seeds="{seeds}",
    items=20,
)
CLAIMS, RUNNING, PER_SECOND = 4, 16, 10
PAGES = ("/", "/claims/claim0", "/running", "/families")


def outcome(trial: Trial) -> Outcome:
    """Of a trial; one in fifty failed."""
    if (trial.seed or 0) % 50 == 49:
        return Outcome(failure=Failure("resource", "CUDA out of memory", "train", "a log\n" * 50))
    return Outcome({"score": 0.5}, spent={"steps": 1000.0}, notes={"device": "cuda: a card"})


class Writer:
    """A ledger in which claims run."""

    def __init__(self, folder: Path, trials: int) -> None:
        self.ledger = Ledger(folder)
        seeds = list(range(trials // CLAIMS // 4 + 200))
        self.claims = [claim_of(TEXT.format(i=i, seeds=seeds)) for i in range(CLAIMS)]
        self.left: list[tuple[int, Trial]] = []
        for i, claim in enumerate(self.claims):
            known = {"results": 0, "trials": len(seeds) * 4, "claims": []}
            self.ledger.record_claim(claim.name, claim.hash, claim.identity(), "", known=known)
            every = list(claim.trials(claim.claim.rungs[0]))
            for trial in every[: trials // CLAIMS]:
                self.end(i, trial)
            self.left += [(i, trial) for trial in every[trials // CLAIMS :]]

    def end(self, i: int, trial: Trial) -> None:
        """Record the outcome of a trial."""
        self.ledger.record_outcome(trial, outcome(trial), Execution(seconds=60.0), self.claims[i].hash, {})

    def progress(self, step: int) -> None:
        """What drivers and trials write in a second."""
        seen = []
        for i, trial in self.left[:RUNNING]:
            folder = self.ledger.workdir(trial.id)
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "progress.jsonl").open("a") as file:
                for part in range(5):
                    values = {"loss": 2 / (5 * step + part + 1), "accuracy": 0.5}
                    line = {"spent": 5 * step + part, "step": 5 * step + part, "values": values}
                    file.write(json.dumps(line) + "\n")
            label = trial.label()
            seen.append(TrialSeen(self.claims[i].name, label, float(step), 0.4, "", {"loss": 0.5}, str(folder)))
        claims = tuple(
            ClaimSeen(one.name, "confirm", 2500, 3300, 800, RUNNING // CLAIMS, 60.0, (), one.hash)
            for one in self.claims
        )
        run = RunSeen(
            os.getpid(), socket.gethostname(), time.time() - 600, time.time(), RUNNING, 10_000, claims, tuple(seen)
        )
        path = self.ledger.folder / "running" / f"{os.getpid()}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(asdict(run)))

    def write(self, until: threading.Event) -> None:
        """Let trials end until it is told to stop."""
        step = 0
        while not until.wait(1.0):
            step += 1
            for _ in range(PER_SECOND):
                self.end(*self.left.pop(RUNNING))
            self.progress(step)


class Viewer(threading.Thread):
    """Holds a stream open, and asks for a page once a second."""

    def __init__(self, port: int, cookie: str, number: int, together: threading.Barrier, seconds: float) -> None:
        super().__init__()
        self.port, self.headers, self.number, self.together = port, {"Cookie": cookie}, number, together
        self.seconds, self.end = seconds, time.monotonic() + seconds
        self.times: dict[str, list[float]] = {page: [] for page in PAGES}
        self.first = 0.0
        self.received = 0
        self._stream = threading.Thread(target=self._listen, daemon=True)

    def run(self) -> None:
        """Ask until the end."""
        for second in range(int(self.seconds)):
            self.together.wait()
            if second == 0:
                self._stream.start()
            page = PAGES[(self.number + second) % len(PAGES)]
            start = time.perf_counter()
            connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("GET", page, headers=self.headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, page
            self.times[page].append(time.perf_counter() - start)
            self.first = self.first or self.times[page][0]
            connection.close()
            time.sleep(max(0.0, 1.0 - (time.perf_counter() - start)))

    def _listen(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", f"/live?page={PAGES[self.number % len(PAGES)]}", headers=self.headers)
        answer = connection.getresponse()
        while time.monotonic() < self.end and (part := answer.read1(1 << 16)):
            self.received += len(part)


def viewers(port: int, token: str, count: int, seconds: float) -> None:
    """Watch with so many viewers; prints the times of pages as JSON."""
    cookie = f"evenhand_board_{port}={token}"
    together = threading.Barrier(count)
    watching = [Viewer(port, cookie, number, together, seconds) for number in range(count)]
    for one in watching:
        one.start()
    for one in watching:
        one.join()
    times = {page: [time for one in watching for time in one.times[page]] for page in PAGES}
    received, first = [one.received for one in watching], [one.first for one in watching]
    print(json.dumps({"times": times, "received": received, "first": first}))


def processor_seconds(process: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Fill a ledger, serve it, write to it, watch it."""
    parser = argparse.ArgumentParser(description="How long a page of the live board takes.")
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--watch", nargs=2, metavar=("PORT", "TOKEN"), help="be the viewers")
    options = parser.parse_args()
    if options.watch:
        viewers(int(options.watch[0]), options.watch[1], options.viewers, options.seconds)
        return
    with tempfile.TemporaryDirectory() as name:
        with mock.patch("os.fsync"):  # filling is not what is measured
            writer = Writer(Path(name) / "ledger", options.trials)
        writer.progress(0)
        command = [sys.executable, "-m", "evenhand", "board", str(writer.ledger.folder), "--port", "0", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as board:
            assert board.stdout is not None
            told = ""
            while not told.rstrip().endswith("}") and (line := board.stdout.readline()):
                told += line
            where, start = json.loads(told), time.perf_counter()
            urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(where["url"]).read()
            first = time.perf_counter() - start
            over = threading.Event()
            writing = threading.Thread(target=writer.write, args=(over,))
            writing.start()
            spent, start = processor_seconds(board.pid), time.perf_counter()
            ask = ["--viewers", str(options.viewers), "--seconds", str(options.seconds)]
            watch = [sys.executable, __file__, *ask, "--watch", str(where["port"]), where["token"]]
            found = json.loads(subprocess.run(watch, stdout=subprocess.PIPE, text=True, check=True).stdout)
            busy = (processor_seconds(board.pid) - spent) / (time.perf_counter() - start)
            memory = next(line.split()[1] for line in Path(f"/proc/{board.pid}/status").read_text().splitlines()
                          if line.startswith("VmHWM"))  # fmt: skip
            over.set()
            writing.join()
            board.terminate()
    print(
        f"{options.trials:,} trials in {CLAIMS} claims, {RUNNING} running, {PER_SECOND} ending a second, "
        f"{options.viewers} viewers for {options.seconds:g} s; load {os.getloadavg()[0]:.1f}\n"
    )
    print("| page | asked | median, ms | 95 % below | longest |")
    print("|---|---|---|---|---|")
    every = [time for times in found["times"].values() for time in times]
    of_all = [("all", every), ("the first of each viewer", found["first"])]
    for page, times in [*found["times"].items(), *of_all]:
        ms = np.array(times) * 1000
        print(f"| {page} | {len(ms)} | {np.median(ms):.0f} | {np.percentile(ms, 95):.0f} | {ms.max():.0f} |")
    stream = np.mean(found["received"]) / options.seconds / 1024
    print(
        f"\nThe first page, for which the whole ledger is read: {first:.2f} s. The server took {busy:.0%} of a core "
        f"and {int(memory) / 1024:.0f} MiB; a stream sent {stream:.1f} KiB a second."
    )


if __name__ == "__main__":
    main()
