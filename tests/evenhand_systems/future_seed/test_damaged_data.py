"""Damaged questions, texts, vocabularies: every reader answers with one sentence that names the file."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.campaign.fuzz_data import ARC, HOTPOT, campaign, targets
from evenhand.data.reading import read_gzip_text
from evenhand.data.records import read_file
from evenhand.errors import DataError
from evenhand_systems.future_seed.retrieval.run import queries
from evenhand_systems.future_seed.text import arc, hotpot, punctuation
from evenhand_systems.future_seed.text.examples import Example, make_corpus
from evenhand_systems.future_seed.text.tokenizers import make_tokenizer
from evenhand_systems.rwkv7 import WorldTokenizer
from tests.mutations import assert_only_data_errors, json_mutations

NAMES = (
    "ARC lines", "ARC of the hub", "HotpotQA", "MBPP lines", "sentences of HotpotQA", "sentences of a text",
    "RWKV vocabulary", "tokenizers file", "mmCIF file, compressed",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_five_hundred_damaged_files_are_told_as_data_errors(tmp_path: Path, name: str) -> None:
    target = next(target for target in targets(tmp_path) if target.what == name)
    damaged = itertools.chain.from_iterable(target.damaged(seed) for seed in range(5))
    folder = tmp_path / "attack"
    folder.mkdir()
    refused, accepted = assert_only_data_errors(target.read, damaged, folder / target.name)
    assert refused > 50
    assert refused + accepted == 500


def test_queries_of_damaged_records_are_told_as_data_errors(tmp_path: Path) -> None:
    refused, _ = assert_only_data_errors(
        lambda path: queries(read_file(path), path.name), json_mutations(HOTPOT), tmp_path / "hotpot.json"
    )
    assert refused > 50


def test_the_campaign_counts_what_it_tried_and_what_held(tmp_path: Path) -> None:
    (tmp_path / "few").mkdir()
    rows = campaign(tmp_path / "few", 0.0, 3)
    assert len(rows) > 20
    assert all((row.area, row.held) == ("fuzz", row.tried) and row.tried >= 100 for row in rows), rows


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"choices": "abcd"}, "choices are one text"),
        ({"choices": ["a", None]}, "expected a text as question and as every choice"),
        ({"question": 7}, "expected a text as question"),
        ({"answer_index": 3}, "answer 3 of 3 choices"),
    ],
)
def test_a_question_of_another_form_is_refused_and_not_taken_apart(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=rf"x: 1 of 6 records are no ARC: record 2: .*{message}"):
        arc.arc_examples([ARC[0], ARC[1] | change, *ARC[2:]], "x")


@pytest.mark.parametrize(
    "change",
    [{"answer": None}, {"question": ["a"]}, {"context": [["a", "one text"], ["b", [1]]]}, {"context": 3}],
    ids=str,
)
def test_a_record_that_is_no_hotpot_is_named(change: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="record 1: "):
        hotpot.hotpot_examples([HOTPOT[0] | change], "x")


def test_a_record_without_a_text_gives_no_sentences_in_silence() -> None:
    with pytest.raises(DataError, match="x: record 2 has neither a text nor paragraphs"):
        punctuation.sentences([{"text": "Yes, it is."}, {"txt": "No, it is not."}], 5, 80, "x")


def test_evaluation_examples_that_share_an_id_are_refused_before_anything_is_trained() -> None:
    train = [Example("t", "a", "b", "c")]
    with pytest.raises(DataError, match=r"1 ids stand at several evaluation examples \(e\)"):
        make_corpus(train, [Example("e", "d", "e", "f"), Example("e", "g", "h", "i")], 1, "data.train")


def vocabulary(folder: Path, last: str) -> Path:
    path = folder / "vocabulary.txt"
    path.write_text("".join(f"{i + 1} {bytes([i])!r} 1\n" for i in range(256)) + last + "\n")
    return path


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ("2147483648 'ab' 2", r"vocabulary\.txt:257: an id must be at most 2147483647"),
        (f"300 {'(' * 5000} 2", r"vocabulary\.txt:257: "),
        (f"300 {'-' * 100_000}1 2", r"vocabulary\.txt:257: "),
        (f"{'9' * 5000} 'ab' 2", r"vocabulary\.txt:257: "),
    ],
)
def test_ids_and_literals_that_nobody_can_read_name_their_line(tmp_path: Path, last: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        WorldTokenizer.from_file(vocabulary(tmp_path, last))


def test_ids_beyond_those_of_released_checkpoints_are_refused(tmp_path: Path) -> None:
    assert WorldTokenizer.from_file(vocabulary(tmp_path, "70000 'ab' 2")).size == 70001
    with pytest.raises(DataError, match=r"vocabulary\.txt: its ids end at 70000; released checkpoints know 65536"):
        make_tokenizer(vocabulary(tmp_path, "70000 'ab' 2"))


def test_ids_of_a_tokenizers_file_may_have_gaps_and_may_not_be_huge(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    for last, size in ((9, 11), (10**9, None)):
        model = {"type": "WordLevel", "vocab": {"a": 0, "b": last}, "unk_token": "a"}
        path.write_text(json.dumps({"version": "1.0", "added_tokens": [], "model": model}))
        if size is not None:
            assert make_tokenizer(path).size == size
            continue
        with pytest.raises(DataError, match=r"tokenizer\.json: its ids must lie within"):
            make_tokenizer(path)


def test_a_small_compressed_file_may_not_unpack_to_more_than_its_kind_ever_holds(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"x" * 1000))
    assert read_gzip_text(path, most=1000) == "x" * 1000
    with pytest.raises(DataError, match="holds more than 999 bytes when unpacked"):
        read_gzip_text(path, most=999)
