"""``evenhand audit`` as people call it: what it prints, writes and answers by its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np  # noqa: F401  as whoever computes has it
import pytest

from evenhand.cli.audit import _compute_alone
from tests.app import evenhand, parsed

LOG = (
    "# Study\n\n## Options first\n\n- Result:\n  - mean `d_acc = +0.0439`, std `0.0205`\n"
    "  - seed deltas: `+0.0156`, `+0.0234`, `+0.0625`\n- Status: success / stable positive <script>alert(1)</script>\n"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.md"
    path.write_text(LOG)
    return path


@pytest.mark.slow
def test_findings_are_printed_with_file_line_rule_and_the_text_they_mean(tmp_path: Path, log: Path) -> None:
    done = evenhand(tmp_path, "audit", "log.md", columns=200)
    assert done.returncode == 0
    assert "log.md:6: fault mean-disagrees: The mean is printed as +0.0439, but the 3 values at line 7" in done.stdout
    assert "    | - Status: success / stable positive" in done.stdout
    assert done.stdout.rstrip().endswith("5 findings: 1 fault, 1 caution, 3 notes")


@pytest.mark.slow
def test_strict_answers_one_where_there_is_a_fault(tmp_path: Path, log: Path) -> None:
    assert evenhand(tmp_path, "audit", "log.md", "--strict").returncode == 1
    log.write_text(LOG.replace("0.0439", "0.0339"))
    assert evenhand(tmp_path, "audit", "log.md", "--strict").returncode == 0


def test_what_cannot_be_read_answers_two(tmp_path: Path) -> None:
    done = evenhand(tmp_path, "audit", "nowhere.md")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere.md cannot be read" in done.stderr


@pytest.mark.slow
def test_json_holds_place_rule_numbers_and_sentence_of_each_finding(tmp_path: Path, log: Path) -> None:
    document = parsed(evenhand(tmp_path, "audit", "log.md", "--json"))
    first = document["findings"][0]
    assert (first["file"], first["line"], first["rule"], first["level"]) == ("log.md", 6, "mean-disagrees", "fault")
    assert first["facts"]["found"] == pytest.approx(0.033833, abs=1e-6)
    assert first["says"] in evenhand(tmp_path, "audit", "log.md", columns=300).stdout
    assert set(document["rules"]) >= {one["rule"] for one in document["findings"]}


def test_notes_can_be_left_out(tmp_path: Path, log: Path) -> None:
    document = parsed(evenhand(tmp_path, "audit", "log.md", "--json", "--no-notes"))
    assert {one["level"] for one in document["findings"]} == {"fault", "caution"}


def test_hints_are_told_apart_and_only_to_those_who_ask(tmp_path: Path, log: Path) -> None:
    log.write_text(f"{LOG}- the accuracy is identical to the baseline\n")
    plain = parsed(evenhand(tmp_path, "audit", "log.md", "--json"))
    asked = parsed(evenhand(tmp_path, "audit", "log.md", "--json", "--hints"))
    assert "hints" not in plain
    assert asked["findings"] == plain["findings"]
    assert [(one["rule"], one["level"], one["line"]) for one in asked["hints"]] == [("no-op", "hint", 9)]
    done = evenhand(tmp_path, "audit", "log.md", "--hints", columns=200)
    assert "5 findings: 1 fault, 1 caution, 3 notes\n1 hint: may be worth a look" in done.stdout


def test_the_page_shows_findings_beside_the_lines_and_escapes_them(tmp_path: Path, log: Path) -> None:
    assert evenhand(tmp_path, "audit", "log.md", "--html", "out/page.html").returncode == 0
    page = (tmp_path / "out" / "page.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count(">log.md<") == 1
    assert '<a class="fault" href="#log0-6">6</a>' in page
    assert page.index('id="log0-6"') < page.index("mean-disagrees</b>") < page.index('id="log0-7"')


def test_the_page_of_several_logs_shows_those_with_findings_and_names_the_others(tmp_path: Path, log: Path) -> None:
    (tmp_path / "plain.md").write_text("# Notes\n\nNothing of note.\n")
    (tmp_path / "copy.md").write_text(LOG)
    done = evenhand(tmp_path, "audit", "log.md", "plain.md", "copy.md", "--html", "page.html")
    assert done.returncode == 0
    page = (tmp_path / "page.html").read_text()
    assert "Nothing of note" not in page
    assert "<li>plain.md</li>" in page
    assert [page.count(f"<h2>{name}</h2>") for name in ("log.md", "copy.md", "plain.md")] == [1, 1, 0]


def test_sarif_names_rules_levels_and_lines(tmp_path: Path, log: Path) -> None:
    assert evenhand(tmp_path, "audit", "log.md", "--sarif", "a.sarif").returncode == 0
    document = json.loads((tmp_path / "a.sarif").read_text())
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    assert run["tool"]["driver"]["name"] == "evenhand audit"
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    assert all(rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"])
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(ids) == len(set(ids))
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "log.md"
        assert place["physicalLocation"]["region"]["startLine"] >= 1


def test_sarif_tells_at_the_file_what_could_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.md").write_bytes(b"caf\xe9\n")
    (tmp_path / "logs" / "b.jsonl").write_text('{"acc": 0.5}\n{"acc": 0.\n')
    assert evenhand(tmp_path, "audit", "logs", "--sarif", "a.sarif").returncode == 0
    ((invocation,),) = (run["invocations"] for run in json.loads((tmp_path / "a.sarif").read_text())["runs"])
    assert invocation["executionSuccessful"] is True
    told = {
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: (one["level"], one["message"]["text"])
        for one in invocation["toolExecutionNotifications"]
    }
    assert told["logs/a.md"] == (
        "error",
        "logs/a.md:1: the byte 0xe9 is no UTF-8; save the file in the encoding UTF-8.",
    )
    assert told["logs/b.jsonl"] == ("warning", "logs/b.jsonl:2: lines that are no JSON object were left alone.")


def test_sarif_of_an_earlier_run_does_not_stand_for_one_that_read_nothing(tmp_path: Path, log: Path) -> None:
    assert evenhand(tmp_path, "audit", "log.md", "--sarif", "a.sarif").returncode == 0
    log.write_bytes(LOG.encode("utf-16"))
    assert evenhand(tmp_path, "audit", "log.md", "--sarif", "a.sarif").returncode == 2
    (run,) = json.loads((tmp_path / "a.sarif").read_text())["runs"]
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], run["results"]) == (False, [])
    assert "log.md is text in UTF-16" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert evenhand(tmp_path, "audit", "log.md", "--sarif", "log.md").returncode == 2
    assert log.read_bytes() == LOG.encode("utf-16")


@pytest.mark.slow
def test_a_headline_becomes_a_claim_that_can_be_planned(tmp_path: Path, log: Path) -> None:
    assert evenhand(tmp_path, "audit", "log.md", "--claims", "claims").returncode == 0
    done = evenhand(tmp_path, "plan", "claims/log_line6.toml", columns=200)
    assert done.returncode == 0, done.stderr
    assert "settings.values.mechanism" in (tmp_path / "claims" / "log_line6.toml").read_text()
    assert "rung confirm: 10 trials" in done.stdout


def test_where_nothing_is_claimed_no_folder_of_claims_is_made_and_it_is_said(tmp_path: Path, log: Path) -> None:
    log.write_text("# Notes\n\n- solved 80/429 (28.6%)\n")
    done = evenhand(tmp_path, "audit", "log.md", "--claims", "claims")
    assert done.returncode == 0
    assert "no claim is written" in done.stderr
    assert not (tmp_path / "claims").exists()


@pytest.mark.slow
def test_a_claim_that_was_filled_in_is_not_overwritten(tmp_path: Path, log: Path) -> None:
    assert evenhand(tmp_path, "audit", "log.md", "--claims", "claims").returncode == 0
    path = tmp_path / "claims" / "log_line6.toml"
    path.write_text(path.read_text().replace("./train_and_evaluate.sh", "./mine.sh"))
    done = evenhand(tmp_path, "audit", "log.md", "--claims", "claims")
    assert done.returncode == 2
    assert "exists already with other content" in done.stderr
    assert "./mine.sh" in path.read_text()


def test_an_empty_log_is_told_and_not_passed_off_as_one_without_faults(tmp_path: Path) -> None:
    (tmp_path / "empty.md").write_text("")
    done = evenhand(tmp_path, "audit", "empty.md")
    assert done.returncode == 0
    assert "empty.md is empty" in done.stderr


def test_hints_are_counted_where_nobody_asked_for_them(tmp_path: Path) -> None:
    log = tmp_path / "log.md"
    log.write_text("# R\n\nThe tuned arm had 0.71, 0.73 and 0.75 over seeds 0, 1 and 2; its clean mean is 0.78.\n")
    told = evenhand(tmp_path, "audit", "log.md")
    assert told.returncode == 0
    assert "mean-disagrees" not in told.stdout
    assert "1 hint beside" in told.stdout
    assert "mean-disagrees" in evenhand(tmp_path, "audit", "log.md", "--hints").stdout


def test_a_page_is_never_written_over_a_log_or_a_folder(tmp_path: Path, log: Path) -> None:
    for option in ("--html", "--sarif"):
        over = evenhand(tmp_path, "audit", "log.md", option, "log.md")
        assert (over.returncode, log.read_text()) == (2, LOG)
        assert "log.md is one of the logs that are read" in over.stderr
        folder = evenhand(tmp_path, "audit", "log.md", option, ".")
        assert folder.returncode == 2
        assert "is a folder; name a file" in folder.stderr


def test_two_results_never_take_one_file(tmp_path: Path, log: Path) -> None:
    (tmp_path / "link").symlink_to("x")
    for one, other in (("x", "x"), ("x", "./x"), ("x", "link")):
        done = evenhand(tmp_path, "audit", "log.md", "--html", one, "--sarif", other)
        assert done.returncode == 2
        assert f"--html {Path(one)} and --sarif {Path(other)} are one file" in " ".join(done.stderr.split())
        assert not (tmp_path / "x").exists()
    done = evenhand(tmp_path, "audit", "log.md", "--html", "y", "--claims", "y")
    assert done.returncode == 2
    assert "--html y and --claims y are one" in " ".join(done.stderr.split())
    assert not (tmp_path / "y").exists()


def test_a_file_where_claims_shall_go_is_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    for folder in ("taken", "taken/below/it"):
        done = evenhand(tmp_path, "audit", "nowhere.md", "--claims", folder)
        said = " ".join(done.stderr.split())
        assert (done.returncode, done.stdout) == (2, "")
        assert "taken is a file, and --claims names a folder that claim files are written into; name another" in said
        assert "nowhere.md" not in said
    assert (tmp_path / "taken").read_text() == "mine"


def test_findings_are_printed_although_a_claim_of_other_content_stands_in_the_way(tmp_path: Path, log: Path) -> None:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "log_line6.toml").write_text("mine")
    done = evenhand(tmp_path, "audit", "log.md", "--claims", "claims", columns=200)
    assert done.returncode == 2
    assert "exists already with other content" in done.stderr
    assert "5 findings: 1 fault, 1 caution, 3 notes" in done.stdout


def piped(folder: Path, given: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "evenhand", "audit", *arguments]
    return subprocess.run(command, cwd=folder, input=given, capture_output=True, check=False)


@pytest.mark.slow
def test_a_dash_reads_standard_input_as_what_it_holds(tmp_path: Path) -> None:
    done = piped(tmp_path, LOG.encode(), "-")
    assert done.returncode == 0, done.stderr
    assert b"standard input:6: fault mean-disagrees" in done.stdout
    records = '{"accs": [0.71, 0.72, 0.70], "mean": 0.75, "std": 0.01}'
    done = piped(tmp_path, records.encode(), "-", "--json", "--hints", "--sarif", "a.sarif", "--claims", "claims")
    document = json.loads(done.stdout)
    (one,) = document["logs"]
    assert (one["file"], one["read"]) == ("standard input", True)
    assert [hint["rule"] for hint in (*document["findings"], *document["hints"])] == ["mean-disagrees"]
    assert not any(Path(path).name.startswith("tmp") for path in document["written"])


@pytest.mark.slow
def test_what_is_no_text_on_standard_input_is_told_of_it_and_of_no_file(tmp_path: Path) -> None:
    done = piped(tmp_path, "Größe".encode("latin-1"), "-")
    assert done.returncode == 2
    assert b"standard input:1: the byte 0xf6 is no UTF-8" in done.stderr
    assert b"/tmp" not in done.stderr


def test_a_link_to_itself_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    done = evenhand(tmp_path, "audit", "loop")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "loop" in done.stderr


def test_claims_of_logs_of_one_name_have_names_of_their_own(tmp_path: Path) -> None:
    for folder, gain in (("a", "0.0339"), ("b", "0.0338")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "log.md").write_text(LOG.replace("0.0439", gain))
    done = evenhand(tmp_path, "audit", "a", "b", "--claims", "claims")
    assert done.returncode == 0
    assert {one.name[:5] for one in (tmp_path / "claims").iterdir()} == {"a_log", "b_log"}


def test_a_page_never_takes_the_place_of_a_pipe(tmp_path: Path, log: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = evenhand(tmp_path, "audit", "log.md", "--html", "pipe")
    assert done.returncode == 2
    assert "pipe cannot be written: it is no file that can be replaced" in done.stderr
    assert (tmp_path / "pipe").is_fifo()


def test_an_audit_starts_no_threads_for_matrices_unless_somebody_asks_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    environment: dict[str, str] = {}
    monkeypatch.setattr(os, "environ", environment)
    _compute_alone()
    assert environment == {}, "numpy is here already, whoever took it"
    monkeypatch.delitem(sys.modules, "numpy")
    _compute_alone()
    assert environment == {"OPENBLAS_NUM_THREADS": "1"}
    environment["OPENBLAS_NUM_THREADS"] = "4"
    _compute_alone()
    assert environment == {"OPENBLAS_NUM_THREADS": "4"}
