"""Progress in a notebook: one output that renews itself."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from evenhand.recipes.outcome import Execution, Failure, Outcome
from evenhand.report.notebook.live import NotebookObserver, Silent, View, in_notebook, watcher
from evenhand.running.lines import LineObserver
from evenhand.running.observer import Observer
from evenhand.testing.worlds import claim_of
from tests.cli.test_live import tick_of
from tests.conftest import TOY
from tests.running.test_run import write_claim


class Output:
    """The output of a cell, as a notebook keeps it."""

    def __init__(self) -> None:
        self.views: list[View] = []

    def update(self, view: View) -> None:
        self.views.append(view)


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Output:
    """A notebook, without one: what IPython offers there, and no more."""
    shown = Output()
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")

    def show(view: View, *, display_id: bool) -> Output:
        assert display_id
        shown.update(view)
        return shown

    parts: dict[str, Any] = {"get_ipython": lambda: SimpleNamespace(kernel=object()), "display": display}
    vars(ipython).update(parts)
    vars(display)["display"] = show
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return shown


def test_a_notebook_sees_progress_running_trials_and_failures_in_one_output(output: Output) -> None:
    tick, _, _ = tick_of()
    trial = tick.progress.pending[0]
    watching = watcher(True, claim_of())
    assert isinstance(watching, NotebookObserver)
    with watching:
        watching.tick(tick)
        lost = Outcome(failure=Failure("code", "a <b>fault</b>\u202e", "run"))
        watching.finished(trial, lost, Execution(seconds=3), retry=True)
        watching.finished(trial, Outcome(metrics={"score": 0.5}), Execution(seconds=3), retry=False)
    last = output.views[-1]
    page = last._repr_html_()
    assert '<progress max="12" value="6"' in page
    assert "off · default · confirm · seed 3" in page
    assert "a &lt;b&gt;fault&lt;/b&gt;⟨U+202E⟩, 3 s (will be tried again)" in page
    assert page.count("<li>") == 1
    assert "6 of 12 trials" in repr(last)
    assert "<" not in repr(last).replace("<b>", "").replace("</b>", "")


def test_views_are_few_however_often_a_run_tells(output: Output) -> None:
    tick, _, _ = tick_of()
    with watcher(True, claim_of()) as watching:
        for _ in range(1000):
            watching.tick(tick)
    assert len(output.views) < 100


def test_a_long_list_of_messages_is_cut_and_says_so(output: Output) -> None:
    with watcher(True, claim_of()) as watching:
        for number in range(50):
            watching.message(f"message {number}")
    text = repr(output.views[-1])
    assert "(30 earlier messages not shown)" in text
    assert "message 49" in text
    assert "message 29\n" not in text


def test_elsewhere_progress_is_lines_nothing_or_what_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert not in_notebook()
    assert isinstance(watcher(False, claim_of()), Silent)
    own = Observer()
    assert watcher(own, claim_of()) is own
    lines = watcher(True, claim_of())
    assert isinstance(lines, LineObserver)
    lines.message("a name\u202e turned around")
    out = capsys.readouterr()
    assert (out.out, out.err) == ("", "a name⟨U+202E⟩ turned around\n")


@pytest.mark.slow
def test_a_notebook_of_five_lines_runs_a_claim_and_shows_verdict_and_report(tmp_path: Path) -> None:
    """Takes seconds: it starts a kernel, as a notebook does."""
    pytest.importorskip("ipykernel")
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    (tmp_path / "toy.py").write_text(TOY)
    write_claim(tmp_path)
    lines = ("import evenhand as eh", 'eh.plan("c.toml")', 'eh.run("c.toml", jobs=2)', 'eh.report("c.toml")')
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(line) for line in lines])
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    plan, run, report = (cell.outputs for cell in book.cells[1:])
    assert "8 trials" in plan[0].data["text/html"]
    assert [output.output_type for output in run] == ["display_data", "execute_result"]
    assert "8 of 8 trials" in run[0].data["text/html"]
    assert "gain (&gt;= margin)" in run[1].data["text/html"]
    assert "<iframe sandbox=" in report[0].data["text/html"]
