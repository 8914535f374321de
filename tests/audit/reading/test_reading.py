"""Reading logs: bad input is a sentence, never a guess; what is left alone is said."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from evenhand.audit.check import audit
from evenhand.audit.reading import opened, records
from evenhand.audit.reading.opened import open_log, open_logs
from evenhand.audit.text.log import Log
from evenhand.errors import DataError
from tests.mutations import assert_only_data_errors, mutations


def read(tmp_path: Path, text: str, name: str = "log.md") -> Log:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return open_log(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x7fELF\x00\x01", "binary"),
        (b"mean \xff 3", "0xff is no UTF-8; save the file in the encoding UTF-8"),
        ("# Précision\n- 0,5\n".encode("latin-1"), "0xe9 is no UTF-8; save the file in the encoding UTF-8"),
        ("# Précision\n- 0,5\n".encode("utf-16"), "log.txt is text in UTF-16; save"),
        ("# Précision\n- 0,5\n".encode("utf-16-le"), "log.txt is text in UTF-16; save"),
        ("# Précision\n- 0,5\n".encode("utf-16-be"), "log.txt is text in UTF-16; save"),
        ("# Précision\n- 0,5\n".encode("utf-32"), "log.txt is text in UTF-32; save"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(1, 256)), "0x89 is no UTF-8: the file is binary"),
        (pickle.dumps({"acc": [0.5] * 9}, 4), "the file is binary"),
        (b"# R\n- mean 0.5\n\x00\x00\n", "log.txt:3: the byte 0x00 is no text: the file is binary or damaged"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
    ],
)
def test_what_is_no_log_is_refused_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        open_logs([path])


@pytest.mark.parametrize(
    ("name", "text", "remark"),
    [
        ("log.md", " \n\n", "log.md is empty: there is nothing to read in it."),
        ("log.json", "", "log.json is empty: there is nothing to read in it."),
        ("log.jsonl", "", "log.jsonl is empty: there is nothing to read in it."),
        ("log.jsonl", '{"a": 0.5}\n{"a": 0.5\n[]\n{"a": 1}\n',
         "log.jsonl:2: lines that are no JSON object were left alone (lines 2, 3)."),
        ("log.json", '{"a": [0.5, NaN], "b": {"c": -Infinity}}', "log.json: 2 values left alone: NaN or infinite."),
        ("log.jsonl", '{"a": 0.5}\n{"a": NaN}\n', "log.jsonl: 1 value left alone: NaN or infinite."),
        ("log.csv", "a,b\n0.5,1\nnan,2\n", "log.csv:3: 1 value left alone: NaN or infinite."),
        ("log.tsv", "a\tb\n0.5\t-inf\nNaN\t2\n", "log.tsv:2: 2 values left alone: NaN or infinite (lines 2, 3)."),
        ("log.csv", "a,b\n0.5,1\n0.7", "log.csv:3: rows that cannot be read or have not the header's length were left"),
    ],
)  # fmt: skip
def test_what_is_left_alone_of_a_log_is_said(tmp_path: Path, name: str, text: str, remark: str) -> None:
    (found,) = read(tmp_path, text, name).remarks
    assert remark in found


def test_a_name_like_nan_in_a_column_of_names_is_left_without_a_remark(tmp_path: Path) -> None:
    assert read(tmp_path, "name,acc\nNan,0.5\ninf,0.7\nInfinity,0.6\n", "runs.csv").remarks == ()


def test_semicolons_with_decimal_commas_are_a_table(tmp_path: Path) -> None:
    (table,) = read(tmp_path, "seed;acc;loss\n0;0,715;1,2\n1;0,702;1,3\n", "runs.csv").tables
    assert [n.value for n in table.column(1) if n] == [0.715, 0.702]


def test_a_pipe_is_refused_and_not_read_in_part(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe or a device"):
        open_logs([tmp_path / "pipe"])


def test_a_file_of_a_folder_that_cannot_be_read_stays_among_its_logs(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\x89PNG\x00")
    (tmp_path / "b.md").write_text("- solved 80/429 (28.6%)\n")
    image, log = open_logs([tmp_path])
    assert (image.unread, log.unread) == (True, False)
    assert "a.md:1: the byte 0x00" in image.remarks[0]
    assert [one.rule for one in audit([image, log])] == ["count-and-rate"]


def test_a_folder_without_logs_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.md"):
        with pytest.raises(DataError, match=path.name):
            open_logs([path])


def test_decimal_commas_are_read_and_said(tmp_path: Path) -> None:
    text = "".join(f"- Lauf {i}: Mittel 0,03{i}9, Streuung 0,0205\n" for i in range(1, 6))
    log = read(tmp_path, text)
    assert "comma" in log.remarks[0]
    assert [n.value for n in log.lines[0].numbers] == [1, 0.0319, 0.0205]
    assert log.lines[0].body == "run 1: mean 0.0319, sd 0.0205"
    assert log.lines[0].text == "- Lauf 1: Mittel 0,0319, Streuung 0,0205"
    assert audit([log]) == ()


def test_thousands_and_lists_of_settings_are_no_decimal_commas(tmp_path: Path) -> None:
    text = "- layers 2048,1024,1024,512,64\n- steps 1,000 of 12,500, loss 0.51\n" * 5
    assert read(tmp_path, text).remarks == ()


def test_words_that_are_not_english_are_not_judged_but_numbers_are(tmp_path: Path) -> None:
    text = "Das ist ein Versuch und die Ergebnisse sind nicht schlecht, mit stable gain auf der ganzen Linie.\n" * 6
    log = read(tmp_path, f"{text}\n- gelöst 80/429 (28.6%)\n- stable gain mit seed 1\n")
    assert "not English" in log.remarks[0]
    assert [one.rule for one in audit([log])] == ["count-and-rate"]


def test_a_row_that_is_cut_is_left_alone_and_named(tmp_path: Path) -> None:
    log = read(tmp_path, "| a | b |\n|---|---|\n| 1.5 | 2.5 |\n| 1.5 | ")
    assert [row.line for row in log.tables[0].rows] == [3, 4] or "left alone" in log.remarks[0]
    log = read(tmp_path, "| a | b | c |\n|---|---|---|\n| 1.5 | 2.5 | 3 |\n| 1.5 ")
    assert [row.line for row in log.tables[0].rows] == [3]
    assert "log.md:4: rows with fewer or more cells" in log.remarks[0]


def test_a_large_log_is_streamed_with_progress_and_what_is_not_read_is_said(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(opened, "LARGE", 4000)
    path = tmp_path / "train.log"
    path.write_text("# Run\n" + "step 1 loss 2.5\n" * 2000 + "- solved 80/429 (28.6%), best result\n")
    told: list[tuple[int, int]] = []
    log = open_log(path, lambda _, done, size: told.append((done, size)))
    assert told
    assert told[-1][0] <= told[-1][1] == path.stat().st_size
    assert [line.number for line in log.lines] == [*range(1, 52), 2002]
    assert "1,950 more of the same forms were not" in log.remarks[0]
    assert [(one.rule, one.place.line) for one in audit([log])] == [("count-and-rate", 2002)]


def test_a_json_document_that_is_too_large_or_has_too_many_records_is_said(tmp_path: Path, monkeypatch) -> None:
    text = json.dumps([{"step": n, "loss": 0.5} for n in range(9)])
    monkeypatch.setattr(records, "_MOST_ROWS", 4)
    log = read(tmp_path, text, "log.json")
    assert len(log.tables[0].rows) == 4
    assert "log.json: the first 4 rows were read, 5 others were not." in log.remarks[0]
    monkeypatch.setattr(records, "_LARGEST", 40)
    with pytest.raises(DataError, match=r"log\.json is one JSON document of 0 MiB.* save its records as JSON lines"):
        read(tmp_path, text, "log.json")


def test_code_and_struck_out_text_say_nothing(tmp_path: Path) -> None:
    log = read(tmp_path, "```\nsolved 80/429 (28.6%)\n```\n\n~~solved 80/429 (28.6%)~~ withdrawn\n")
    assert audit([log]) == ()


def test_csv_json_and_json_lines_are_tables_with_their_lines(tmp_path: Path) -> None:
    rows = [{"arm": "a", "acc": 0.5}, {"arm": "b", "acc": 0.75}]
    texts = {
        "x.csv": "arm,acc\na,0.5\nb,0.75\n",
        "x.tsv": "arm\tacc\na\t0.5\nb\t0.75\n",
        "x.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
        "x.json": json.dumps({"a": {"acc": 0.5}, "b": {"acc": 0.75}}, indent=1),
    }
    for name, text in texts.items():
        (table,) = read(tmp_path, text, name).tables
        assert [n.value for n in table.column(1) if n] == [0.5, 0.75], name
    assert [row.line for row in read(tmp_path, texts["x.csv"], "y.csv").tables[0].rows] == [2, 3]
    assert [row.line for row in read(tmp_path, texts["x.json"], "y.json").tables[0].rows] == [2, 5]


def test_a_folder_of_summaries_is_one_table_more(tmp_path: Path) -> None:
    for name, acc in (("a", 0.5), ("b", 0.75)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"acc": acc, "seed": 0}))
    logs = open_logs([tmp_path])
    assert len(logs) == 3
    assert logs[-1].tables[0].header == ("file", "acc", "seed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "sound"),
    [
        (
            "log.md",
            "# A\n\n- mean d_acc = +0.03, std 0.02\n- seed deltas: +0.01, +0.02, +0.06\n\n"
            "| a | b |\n|---|---|\n| 1.5 | 2/3 |\n",
        ),
        ("log.csv", "seed,acc\n0,0.5\n1,0.75\n"),
        ("log.jsonl", '{"seed": 0, "acc": 0.5}\n{"seed": 1, "acc": 0.75}\n'),
        ("lists.json", '{"a": {"accs": [0.5, 0.75], "mean": 0.6}, "b": [{"x": [1.5, 2.5]}]}'),
        ("html.md", "<table>\n<tr><th>a</th><th>b</th></tr>\n<tr><td>1.5</td><td>2</td></tr>\n</table>\n"),
        ("log.json", '{"a": {"acc": 0.5, "std": 0.1}, "b": {"acc": 0.75}}'),
    ],
)  # fmt: skip
def test_whatever_is_damaged_is_told_as_bad_data_or_read(tmp_path: Path, name: str, sound: str) -> None:
    assert_only_data_errors(lambda path: audit(open_logs([path])), mutations(sound.encode(), 500), tmp_path / name)


@pytest.mark.parametrize("name", ["se", "e", "i", "w"])
def test_a_column_that_is_called_as_a_word_of_another_language_makes_no_log_foreign(tmp_path: Path, name: str) -> None:
    text = f"arm,accuracy,loss,{name}\n" + f"variant,0.7,0.1,{name}\n" * 60
    assert read(tmp_path, text, "runs.csv").english
    german = "Der Lauf ist mit einer Lernrate von 3e-4 auf den Daten und nicht auf dem Rest, das ist die Basis.\n" * 8
    assert not read(tmp_path, german, "lauf.md").english


def test_a_rare_line_of_a_large_log_is_read_whatever_its_words(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(opened, "LARGE", 1000)
    path = tmp_path / "train.log"
    steps = "".join(f"10:00 step={n} tok/s={7 * n}\n" for n in range(400))
    path.write_text(f"{steps}Solved 80/429 (28.6%)\n{steps}")
    (log,) = opened.open_logs([path])
    assert [line.text for line in log.lines if "80/429" in line.text] == ["Solved 80/429 (28.6%)"]
    assert len(log.lines) == 51
    assert "51 lines with words of results, or of a form that is rare in it, were read; 750 more" in log.remarks[0]


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        ("name     r1    r2   mean\nlong name 14   15.5  14.8\nshort     13   14.5  13.8\n",
         ("name", "r1", "r2", "mean"), [("long name", "14", "15.5", "14.8"), ("short", "13", "14.5", "13.8")]),
        ("name        acc   delta\nA0  plain   71.2    --\nA1  A0 + x  72.4   +1.2\n",
         ("name", "acc", "delta"), [("A0 plain", "71.2", "--"), ("A1 A0 + x", "72.4", "+1.2")]),
        ("        run1  run2 |  mean\nhalf    41.8  42.4 |  42.1\nint     58.6  61.2 |  59.9\n",
         ("", "run1", "run2", "mean"), [("half", "41.8", "42.4", "42.1"), ("int", "58.6", "61.2", "59.9")]),
        ("suite   runs   rate\nui      1204   3.2%\napi      862   2.0%\n-------------------\nall     2066   2.7%\n",
         ("suite", "runs", "rate"), [("ui", "1204", "3.2%"), ("api", "862", "2.0%"), ("all", "2066", "2.7%")]),
        ("model            right\nplain net        75.7%\nwide net         79.6%\ntwo nets         81.1%\n",
         ("model", "right"), [("plain net", "75.7%"), ("wide net", "79.6%"), ("two nets", "81.1%")]),
    ],
)  # fmt: skip
def test_columns_kept_apart_by_blanks_are_a_table(
    tmp_path: Path, text: str, header: tuple[str, ...], rows: list[tuple[str, ...]]
) -> None:
    (table,) = read(tmp_path, text, "log.txt").tables
    assert table.header == header
    assert [row.cells for row in table.rows] == rows


@pytest.mark.parametrize(
    "text",
    [
        "Left here     and there\nThe first paragraph  of 12 lines\nThe second one  of 14 lines\nA third  of 9 lines\n",
        "step   loss\n100    0.71\n200    0.62\n",
        "name   acc   loss\nnext come the 3 rows that nobody wrote\nand 4 others\n",
    ],
)
def test_lines_with_gaps_that_are_no_rows_of_numbers_are_none(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text, "log.txt").tables == ()
