"""A real Slurm for tests: its own munged, one slurmctld and several slurmd on this machine, in a folder of their own.

Needs the Debian packages slurmctld, slurmd, slurm-client and munge. Nothing outside the folder is touched, and several
such clusters can run side by side.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

_CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=400
ReturnToService=2
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SlurmctldTimeout=10
SlurmdTimeout=4
KillWait=2
MailProg=/bin/true
SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0,requeue_delay=0
SlurmctldParameters=preempt_send_user_signal
PreemptMode=REQUEUE
PreemptType=preempt/partition_prio
MaxArraySize=2001
MaxJobCount=5000
{nodes}
PartitionName=low Nodes=n1,n2,n3 Default=YES MaxTime=60 State=UP PriorityTier=1 GraceTime=20
PartitionName=apart Nodes=n4 MaxTime=60 State=UP PriorityTier=1
PartitionName=high Nodes=n1,n2,n3 MaxTime=60 State=UP PriorityTier=10 PreemptMode=OFF
"""


def missing() -> str:
    """Why there can be no Slurm here, or empty."""
    lacking = [name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None]
    return f"Slurm is not installed here: no {', '.join(lacking)}" if lacking else ""


def free_port() -> int:
    """A TCP port that nobody has now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@dataclass
class Cluster:
    """A running Slurm. ``variables`` are what a process needs to reach it."""

    folder: Path
    variables: dict[str, str]
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def ask(self, *command: str) -> str:
        """What a Slurm command prints."""
        done = subprocess.run(command, env=os.environ | self.variables, capture_output=True, text=True, check=True)
        return done.stdout

    def begin(self, name: str, *command: str) -> None:
        """Start a daemon; what it starts can be told by the variable TEST_DAEMON."""
        variables = {**os.environ, **self.variables, "TEST_DAEMON": f"{self.folder}/{name}"}
        with (self.folder / f"{name}.out").open("ab") as out:
            self.daemons[name] = subprocess.Popen(
                command, env=variables, stdout=out, stderr=out, start_new_session=True
            )

    def begin_node(self, name: str) -> None:
        """Start the daemon of a node."""
        self.begin(name, "slurmd", "-D", "-N", name)

    def begin_node_apart(self, name: str, hidden: Path) -> None:
        """Start the daemon of a node that does not see a folder: it has an empty one in its place."""
        script = f"mount -t tmpfs none {hidden} && exec slurmd -D -N {name}"
        self.begin(name, "unshare", "--mount", "sh", "-c", script)

    def kill_node(self, name: str) -> None:
        """End a node at once, with everything that runs on it, as a power cut does; Slurm is told that it is down."""
        self._kill(name)
        self.ask("scontrol", "update", f"nodename={name}", "state=down", "reason=killed")

    def mend_node(self, name: str) -> None:
        """Start a killed node again, and wait until it takes jobs."""
        self.begin_node(name)
        deadline = time.monotonic() + 60
        while self.ask("sinfo", "-h", "-N", "-n", name, "-p", "low", "-o", "%t").strip() not in (
            "idle",
            "mix",
            "alloc",
        ):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the node {name} did not come back")
            with contextlib.suppress(subprocess.CalledProcessError):  # it has come back by itself
                self.ask("scontrol", "update", f"nodename={name}", "state=resume")
            time.sleep(0.2)

    def _kill(self, name: str) -> None:
        daemon = self.daemons.pop(name)
        mark = f"TEST_DAEMON={self.folder}/{name}\0".encode()
        log = f"{self.folder}/slurmd-{name}.log"  # slurmstepd has no variables left, but it writes there
        started = [pid for pid in _processes() if mark in _environment(pid) or log in _open_files(pid)]
        doomed = [*started, *(pid for parent in started for pid in _descendants(parent))]
        for pid in doomed:  # those that would tell of the others' deaths go first
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        daemon.wait()

    def await_nodes(self, count: int, seconds: float = 30.0) -> None:
        """Wait until so many nodes take jobs."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.CalledProcessError):
                ready = {line.split()[0] for line in self.ask("sinfo", "-h", "-N", "-o", "%N %t").splitlines()
                         if line.split()[1] in ("idle", "mix", "alloc")}  # fmt: skip
                if len(ready) >= count:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"Slurm did not come up within {seconds:g} s; its logs are in {self.folder}")

    def end(self) -> None:
        """Stop everything that this started."""
        with contextlib.suppress(subprocess.CalledProcessError, OSError):
            self.ask("scancel", "--state=PENDING", f"--user={_user()}")
            self.ask("scancel", "--signal=KILL", f"--user={_user()}")
        for name in [*self.daemons]:
            self._kill(name)


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes() + b"\0"
    except OSError:
        return b""


def _open_files(pid: int) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(descriptor.readlink()))
    return found


def _descendants(parent: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for pid in _processes():
        with contextlib.suppress(OSError):
            above = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
            parents.setdefault(above, []).append(pid)
    found: list[int] = []
    waiting = [parent]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _node_lines(names: list[str]) -> str:
    host = socket.gethostname()
    return "\n".join(
        f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={free_port()} CPUs=4 RealMemory=2000"
        for name in names
    )


@contextlib.contextmanager
def cluster(nodes: int = 3) -> Iterator[Cluster]:
    """A Slurm of so many nodes of four cores and 2,000 MB each, two partitions ``low`` and ``high``."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    names = [f"n{i + 1}" for i in range(nodes + 1)]  # the last is started by the test that wants it
    for name in ("state", *(f"spool-{name}" for name in names)):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    (folder / "slurm.conf").write_text(
        _CONF.format(host=socket.gethostname(), port=free_port(), user=_user(), folder=folder, nodes=_node_lines(names))
    )
    found = Cluster(folder, {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": _PATH})
    try:
        munge = [f"--{name}={folder}/{file}" for name, file in
                 (("socket", "munge.socket"), ("key-file", "munge.key"), ("pid-file", "munge.pid"),
                  ("log-file", "munge.log"), ("seed-file", "munge.seed"))]  # fmt: skip
        found.begin("munged", "munged", "--foreground", "--force", *munge)
        while not (folder / "munge.socket").exists():
            time.sleep(0.05)
        found.begin("slurmctld", "slurmctld", "-D", "-c")
        for name in names[:-1]:
            found.begin_node(name)
        found.await_nodes(nodes)
        yield found
    finally:
        found.end()
        shutil.rmtree(folder, ignore_errors=True)
