"""``evenhand.run``, ``evenhand.plan``, ``evenhand.decide``: the commands of the same names, for Python.

Each takes paths, leaves the ledger closed, and raises ``EvenhandError`` with a sentence where something is amiss.
"""

from __future__ import annotations

from evenhand.claims.load import all_trials, queue
from evenhand.errors import EvenhandError
from evenhand.execution.places import room_of
from evenhand.execution.profiles import Profile
from evenhand.recipes import catalogue
from evenhand.report.notebook.live import watcher
from evenhand.report.notebook.results import Plan, Result
from evenhand.running.enter import check_after, decided, is_finished, stale_results
from evenhand.running.observer import Observer
from evenhand.running.opened import ClaimLike, LedgerLike, as_claim, opened, runnable
from evenhand.running.plan import plan_of
from evenhand.running.run import has_trials_left, run_claim
from evenhand.running.searching import unfolded
from evenhand.running.slots import side_by_side

_INTERRUPTED = "Interrupted. Finished trials are in the ledger; the same call goes on from there."


def run(
    claim: ClaimLike,
    ledger: LedgerLike = ".evenhand",
    *,
    jobs: int | None = None,
    progress: bool | Observer = True,
    amend: bool = False,
) -> Result:
    """Run a claim, or go on from where it was interrupted, and decide. Running it twice costs nothing.

    Args:
        claim: path of its file, or what ``load_claim`` returned.
        ledger: path of its folder, which is made where it is missing, or a ``Ledger``.
        jobs: trials side by side; if None one on each GPU, and without any one per core.
        progress: show how far it is; or an observer that is told.
        amend: enter a claim that was changed after it had results, as an amendment.

    Raises:
        ClaimError: the claim has faults, was changed after results, or waits for another.
        LedgerError: another process runs this claim, or the ledger is damaged or cannot be written.
        KeyboardInterrupt: somebody interrupted it; the same call goes on from there.
    """
    if catalogue.is_importing():
        raise EvenhandError(
            "evenhand.run was called while the file of a recipe was being imported, so that the run would start "
            'itself. Put the call under `if __name__ == "__main__":`, or the recipe into a file of its own.'
        )
    _check_jobs(jobs)
    loaded = runnable(claim)
    observer = watcher(progress, loaded.resolved)
    with opened(ledger, create=True) as store:
        queue([loaded], lambda name: is_finished(name, store))
        with observer:
            try:
                decision = run_claim(loaded, store, jobs=jobs, observer=observer, amend=amend)
            except KeyboardInterrupt:
                observer.message(_INTERRUPTED)
                raise
        return Result.of(decision, loaded.resolved)


def _check_jobs(jobs: int | None) -> None:
    if jobs is not None and (not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1):
        raise EvenhandError(f"`jobs` is a number of trials side by side, 1 or more; found {jobs!r}.")


def plan(claim: ClaimLike, ledger: LedgerLike = ".evenhand", *, jobs: int | None = None) -> Plan:
    """What a claim would run: trials, budget, smallest detectable effect. Nothing is run and nothing is written.

    Args:
        claim: path of its file, or what ``load_claim`` returned.
        ledger: path of its folder, or a ``Ledger``.
        jobs: trials side by side, as ``run`` would be told.

    Raises:
        ClaimError: the claim has faults.
        LedgerError: the ledger is damaged.
    """
    _check_jobs(jobs)
    loaded = runnable(claim)
    with opened(ledger, create=False) as store:
        check_after(loaded, store)
        left = [loaded] if has_trials_left(loaded, store) else []
        profile, slots = side_by_side(Profile(jobs=jobs), left)
        return Plan.of(plan_of(loaded, store, slots, room_of(profile)))


def decide(claim: ClaimLike, ledger: LedgerLike = ".evenhand") -> Result:
    """The verdicts of a claim from what the ledger holds. Nothing is run and nothing is written.

    Args:
        claim: path of its file, or what ``load_claim`` returned.
        ledger: path of its folder, or a ``Ledger``.

    Raises:
        ClaimError: the claim has faults, or the ledger does not know it: it was changed, or never entered.
        DataError: there is no such ledger: its name may be mistyped.
        LedgerError: the ledger is damaged.
    """
    loaded = as_claim(claim)
    with opened(ledger, create=False, there=True) as store:
        loaded = unfolded(loaded, store)
        decision = decided(loaded, store)
        trials = all_trials(loaded.resolved)
        changed = stale_results(loaded, store.files_of([trial.id for trial in trials]))
        remarks = [*changed.sentences(trials, "would run anew"), *(f"ledger: {remark}" for remark in store.notes)]
        return Result.of(decision, loaded.resolved, remarks)
