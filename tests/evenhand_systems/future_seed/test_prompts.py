"""Prompts of bounded length and the two passes over them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from evenhand.errors import DataError
from evenhand_systems.future_seed.settings import SeedingOptions
from evenhand_systems.future_seed.text.examples import Example
from evenhand_systems.future_seed.text.prompts import Composer, Wording, cutting_facts
from evenhand_systems.future_seed.text.reading import answer_logits, choice_scores, greedy, make_batch
from evenhand_systems.future_seed.text.tokenizers import ByteTokenizer, make_tokenizer
from evenhand_systems.future_seed.training import Reader, blank_loss
from evenhand_systems.rwkv7 import RWKV7, RWKV7Config

WORDING = Wording("Context:\n", "Question: ", "Answer:")
BYTES = ByteTokenizer()


def composer(order: str, length: int, answer_length: int = 8) -> Composer:
    return Composer(WORDING, order, length, answer_length, BYTES)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", ["question_last", "question_first"])
@pytest.mark.parametrize("length", [40, 60, 200])
def test_the_context_is_cut_to_fit_and_the_question_never_is(order: str, length: int) -> None:
    prompt = composer(order, length).compose(Example("x", "c" * 100, "who?", " me"))
    assert prompt is not None
    text = BYTES.decode(prompt.prompt)
    assert len(prompt.prompt) <= length
    assert "Question: who?\n" in text
    assert text.endswith("Answer:")
    assert text.index("Question") > text.index("Context") if order == "question_last" else text.startswith("Question")
    assert prompt.cut == 100 - sum(1 for c in text.replace("Context", "") if c == "c")


def test_a_question_or_an_answer_that_cannot_fit_is_left_out_and_counted() -> None:
    examples = [Example("a", "c", "q" * 90, "x"), Example("b", "c", "q", "x" * 20), Example("c", "c", "q", "x")]
    kept = composer("question_last", 60).compose_all(examples, 1, "training")
    assert [p.example.id for p in kept] == ["c"]
    with pytest.raises(
        DataError, match=r"Only 1 of 3 training examples .* data.length = 60 .* \(at least 2 are needed\)"
    ):
        composer("question_last", 60).compose_all(examples, 2, "training")
    assert cutting_facts(kept, 3)["prompts"].startswith("1 of 3 fit, 0 with their context cut")


def test_bytes_survive_the_way_there_and_back() -> None:
    text = "Grüße, мир! 123\n"
    assert BYTES.decode(BYTES.encode(text)) == text
    assert min(BYTES.encode("\x00")) == 1  # id 0 stays the end of a text
    with pytest.raises(DataError, match="no known vocabulary"):
        make_tokenizer(Path("x.vocab"))


@pytest.fixture
def reader() -> Reader:
    torch.manual_seed(0)
    model = RWKV7(RWKV7Config(layers=2, width=16, head_size=8, vocabulary=BYTES.size))
    with torch.no_grad():  # the matrices that end a block start at zero: without this nothing would depend on the past
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return Reader.around(model, SeedingOptions(mode="initial", detach=False))


def batch_of(*pairs: tuple[str, str]) -> object:
    made = [composer("question_last", 80).compose(Example(str(i), "ctx", q, a)) for i, (q, a) in enumerate(pairs)]
    return make_batch([p for p in made if p is not None], "cpu")


def test_shorter_prompts_are_filled_up_in_front_and_shorter_answers_behind() -> None:
    batch = batch_of(("a", "xy"), ("abc", "z"))
    assert batch.prompt[0, :2].tolist() == [0, 0]  # type: ignore[attr-defined]
    assert (batch.prompt[:, -1] == BYTES.encode(":")[0]).all()  # type: ignore[attr-defined]
    assert batch.targets[1].tolist() == [*BYTES.encode("z"), 0, -100]  # type: ignore[attr-defined]


def test_seeding_touches_the_pass_over_the_prompt_only(reader: Reader) -> None:
    batch = batch_of(("abc", "xyz"))
    seen: list[int] = []
    assert reader.seeding is not None
    reader.seeding.register_forward_hook(lambda *_: seen.append(1))
    answer_logits(reader, batch)  # type: ignore[arg-type]
    assert len(seen) == 1  # two layers, of which the upper is seeded, in one of two passes


def test_greedy_answers_are_what_the_logits_under_them_say(reader: Reader) -> None:
    batch = batch_of(("abc", "xyz"), ("de", "x"))
    said = greedy(reader, batch, 5)  # type: ignore[arg-type]
    for row, ids in enumerate(said):
        own = make_batch(
            [p for p in [composer("question_last", 80).compose(Example("x", "ctx", ("abc", "de")[row], "?"))] if p],
            "cpu",
        )
        if len(ids) < 5 or row == 0:
            answer = torch.tensor([ids or [0]])
            logits = answer_logits(reader, type(own)(batch.prompt[row : row + 1], answer, own.targets))  # type: ignore[attr-defined]
            assert logits[0, : len(ids)].argmax(dim=-1).tolist() == ids


def test_scores_of_choices_are_log_probabilities_of_choice_and_end(reader: Reader) -> None:
    batch = batch_of(("abc", "no"), ("de", "yes"))
    choices = [[BYTES.encode("no"), BYTES.encode("yes")], [BYTES.encode("no"), BYTES.encode("yes")]]
    scores = choice_scores(reader, batch, choices)  # type: ignore[arg-type]
    for row, (question, own) in enumerate((("abc", "no"), ("de", "yes"))):
        single = make_batch(
            [p for p in [composer("question_last", 80).compose(Example("x", "ctx", question, own))] if p], "cpu"
        )
        # The batch's own filling stands before the shorter prompt.
        same = type(single)(batch.prompt[row : row + 1], single.answer, single.targets)  # type: ignore[attr-defined]
        with torch.no_grad():
            expected = -blank_loss(answer_logits(reader, same), same.targets) * (len(own) + 1)
        assert scores[row][("no", "yes").index(own)] == pytest.approx(expected.item(), abs=1e-4)
