"""One arm on a real checkpoint: conversations and questions by path or hub id, forgetting judged by a reward model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evenhand.data import reading
from evenhand.data.model_store import model_place
from evenhand.data.models import provenance
from evenhand.errors import DataError
from evenhand.recipes.contract import Bench
from evenhand.recipes.error_classes import classify
from evenhand.recipes.inputs import ENDINGS
from evenhand.recipes.outcome import Outcome
from evenhand_systems.anchored_sft.chat_files import read_records
from evenhand_systems.anchored_sft.data.chat import render
from evenhand_systems.anchored_sft.data.conversations import (
    Conversation,
    Tokenised,
    check_conversations,
    fit_length,
    repeated,
    shortened,
    tokenise,
)
from evenhand_systems.anchored_sft.data.mix import training_order
from evenhand_systems.anchored_sft.data.opening import check_opening
from evenhand_systems.anchored_sft.evaluation.losses import Answers, ForgettingEvaluation
from evenhand_systems.anchored_sft.evaluation.reward_model import (
    JudgedAnswer,
    JudgedQuestion,
    RewardJudge,
    read_questions,
)
from evenhand_systems.anchored_sft.settings import CheckpointSettings, check_epochs, data_mix
from evenhand_systems.anchored_sft.training.adapters import load_base, load_tokenizer
from evenhand_systems.anchored_sft.training.fine_tune import (
    Arm,
    Glance,
    adapted,
    dataset_of,
    in_order,
    training_stream,
)
from evenhand_systems.anchored_sft.training.run_length import check_length

SHUFFLED = 1000
"""Rows of a stream that are in memory to be drawn from at random."""
ON_THE_WAY = 32
"""General texts on which the distance to the base is measured on the way."""


def records_of(source: str, bench: Bench, *, streaming: bool) -> Iterator[tuple[str, Any]]:
    """(place, record) of a file, or of the training split of a hub data set."""
    if Path(source).suffix in ENDINGS:
        yield from read_records(bench.data(source))
        return
    from datasets import load_dataset

    try:
        rows = load_dataset(source, split="train", streaming=streaming)
    except Exception as error:
        if classify(error) != "code":
            raise  # a hub that does not answer, or memory that is full, is no fault of the data
        raise DataError(
            f"'{source}' is neither a file ({', '.join(ENDINGS)}) nor a hub data set with a training split: "
            f"{type(error).__name__}: {error}"
        ) from error
    yield from ((f"{source} row {number}", row) for number, row in enumerate(rows, 1))


@dataclass
class JudgedProbe:
    """Validation loss always; rewards and general text where the settings name them."""

    settings: CheckpointSettings
    bench: Bench
    evaluation: ForgettingEvaluation
    judge: RewardJudge | None
    questions: Sequence[JudgedQuestion]
    dev_questions: Sequence[JudgedQuestion]

    @property
    def matched(self) -> list[str]:
        """Loss, and reward, text and distance where they are measured; none without a target loss."""
        if self.settings.target_loss is None:
            return []
        names = ["target_loss", *(["reward"] if self.judge else [])]
        return names + (["text_loss", "distance"] if self.evaluation.texts else [])

    def glance(self, model: Any) -> Glance:
        """Target loss, reward of the dev questions; at the level when the loss is no higher than ``target_loss``."""
        loss = self.evaluation.target_loss(model).mean
        level = self.settings.target_loss
        values, answers = {"dev_target_loss": loss}, None
        if self.judge is not None and self.dev_questions:
            answers = self._judged(model, self.dev_questions)
            values["dev_reward"] = answers.mean
        if self.evaluation.texts:
            few = replace(self.evaluation, texts=self.evaluation.texts[:ON_THE_WAY])
            values["dev_distance"] = few.distance(model).mean
        return Glance(values, None if level is None else loss <= level, answers)

    def _ask(self, model: Any, questions: Sequence[JudgedQuestion]) -> list[JudgedAnswer]:
        assert self.judge is not None
        return self.judge.judge(model, self.evaluation.tokenizer, questions, cap=self.settings.max_new_tokens)

    def _judged(self, model: Any, questions: Sequence[JudgedQuestion]) -> Answers:
        return _by_question(self._ask(model, questions), self.settings.max_new_tokens)

    def record(self, model: Any, prefix: str) -> Mapping[str, float]:
        """Losses, rewards and general text on the items of the rung, as far as the settings name them."""
        target = self.evaluation.target_loss(model)
        found = {f"{prefix}target_loss": target.mean, f"{prefix}target_perplexity": target.perplexity}
        if self.judge is not None:
            asked = self._ask(model, self.questions)
            answers = _by_question(asked, self.settings.max_new_tokens)
            self.bench.items(
                f"{prefix}reward",
                answers.ids,
                answers.scores.tolist(),
                answers.outputs,
                inputs=["\n\n".join(answer.question.turns) for answer in asked],
                groups=answers.skills,
            )
            for turn, rewards in enumerate(_by_turn(asked), 1):
                self.bench.items(f"{prefix}reward_turn_{turn}", list(rewards), list(rewards.values()))
            found |= {f"{prefix}reward_{name}": share for name, share in answers.by_skill().items()}
            cuts = [cut for answer in asked for cut in answer.capped]
            if cuts:
                found[f"{prefix}capped"] = sum(cuts) / len(cuts)
        if self.evaluation.texts:
            text, distance = self.evaluation.text_loss(model), self.evaluation.distance(model)
            self.bench.items(f"{prefix}text_loss", text.ids, text.per_text().tolist())
            found[f"{prefix}distance"] = distance.mean
        return found


def _by_question(found: Sequence[JudgedAnswer], cap: int) -> Answers:
    """Mean raw reward over the turns of each question."""
    import numpy as np

    return Answers(
        tuple(answer.question.id for answer in found),
        tuple(answer.question.category for answer in found),
        np.asarray([answer.reward for answer in found]),
        tuple("\n\n".join(answer.answers) for answer in found),
        cap,
    )


def _by_turn(found: Sequence[JudgedAnswer]) -> list[dict[str, float]]:
    """Raw reward of each question at each turn; a question of fewer turns is not in the later ones."""
    most = max((len(answer.rewards) for answer in found), default=0)
    return [
        {answer.question.id: float(answer.rewards[turn]) for answer in found if turn < len(answer.rewards)}
        for turn in range(most)
    ]


def run_arm(settings: CheckpointSettings, bench: Bench) -> Outcome:
    """The whole trial."""
    check_length(settings, int(bench.budget.amount))
    # The judge first: hours of training are lost when it turns out at their end that there is none.
    judge = None
    if settings.reward_model is not None:
        cache = bench.asset({"asset": "anchored_sft.rewards", "judge": settings.reward_model}, lambda place: None)
        judge = RewardJudge(_resolved(settings.reward_model, bench), device=bench.device, cache=cache.parent / "judged")
        _note_weights("reward model", settings.reward_model, judge.model, bench)
    template = None if settings.chat_template is None else bench.data(settings.chat_template)
    path = _resolved(settings.model, bench)
    model = load_base(path, device=bench.device, quantisation=settings.quantisation)
    tokenizer = load_tokenizer(path, template, settings.template_arguments)
    # Some templates are only missed when first used; a conversation that nobody needs shows it at once.
    talk = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "An answer"}]
    check_opening(tokenizer, talk, f"The tokenizer of '{settings.model}'")
    _note_weights("model", settings.model, model, bench)
    validation, rows = _conversations(settings, bench, tokenizer)
    probe = _probe(settings, bench, tokenizer, judge, validation)
    prompts = None
    if settings.prompts_dataset is not None:
        prompts = _generic_prompts(settings, bench, tokenizer)
    return Arm(
        settings,
        bench,
        adapted(model, settings, bench),
        tokenizer,
        rows,
        probe,
        prompts,
        settings.max_seq_length if settings.packing else None,
        settings.skip_baseline,
    ).run()


def _resolved(path: str, bench: Bench) -> str:
    """A folder, beside the claim or by name, whose hash goes into the record as all data's does; or a hub id as is."""
    local = model_place(path, Path(bench.folder))
    if local is None:
        return path
    bench.data(path)
    return str(local)


def _note_weights(name: str, path: str, model: Any, bench: Bench) -> None:
    """Which weights a model of the hub has; a folder's hash is among the data already."""
    if model_place(path, Path(bench.folder)) is None:
        bench.note(f"{name} weights", provenance(path, model))


def _conversations(settings: CheckpointSettings, bench: Bench, tokenizer: Any) -> tuple[list[Tokenised], Any]:
    """The validation set (cut before any sampling) and the training rows in their order."""
    mix = data_mix(settings)
    if settings.streaming:
        return _streamed(settings, bench, tokenizer)
    conversations = check_conversations(records_of(settings.dataset, bench, streaming=False), settings.dataset)
    twice = repeated(conversations)
    if twice:
        bench.note("repeated conversations", twice)
    validation = _sample(mix.validation(conversations), settings)
    parts = mix.training(conversations)
    rows = [_fit(group, tokenizer, settings, bench) for group in (parts.main, parts.mixed) if group]
    steps, per_step = int(bench.budget.amount), settings.batch * settings.grad_acc
    if settings.train:
        check_epochs(settings, sum(map(len, rows)), steps)
    held = _fit(validation, tokenizer, settings, bench)
    if settings.packing:
        return held, dataset_of([row for group in rows for row in group])
    order = training_order(
        [len(group) for group in rows], steps, per_step, settings.mix_reasoning_ratio, settings.curriculum,
        training_stream(settings, bench, "order of rows"),
    )  # fmt: skip
    return held, dataset_of(in_order(rows, order))


def _sample(validation: Sequence[Conversation], settings: CheckpointSettings) -> list[Conversation]:
    """The first conversations of the validation set in the order of their content's hash: the same for every run.

    Raises:
        DataError: as many or more were asked for than there are.
    """
    count = settings.baseline_eval_samples
    if count is None:
        return list(validation)
    if count >= len(validation):
        raise DataError(
            f"baseline_eval_samples={count} selects all {len(validation)} validation conversations; remove it, "
            "lower it, or raise val_split."
        )
    return sorted(validation, key=lambda c: c.digest)[:count]


def _fit(group: Sequence[Conversation], tokenizer: Any, settings: CheckpointSettings, bench: Bench) -> list[Tokenised]:
    if settings.num_proc is not None:
        from datasets import Dataset

        plain = Dataset.from_list([{"id": c.id, "messages": list(c.messages)} for c in group])
        mapped = plain.map(_tokenised_record, fn_kwargs={"tokenizer": tokenizer}, num_proc=settings.num_proc)
        rows = [Tokenised(r["id"], tuple(r["input_ids"]), tuple(r["labels"])) for r in mapped]
    else:
        rows = [tokenise(c, tokenizer) for c in group]
    if settings.packing:
        return rows
    fitted = fit_length(rows, settings.max_seq_length, settings.overlong)
    if fitted.truncated or fitted.dropped:
        bench.note("overlong conversations", f"{fitted.truncated} cut, {fitted.dropped} left out, of {len(rows)}")
    return list(fitted.kept)


def _tokenised_record(record: Mapping[str, Any], tokenizer: Any) -> dict[str, Any]:
    messages = tuple({"role": m["role"], "content": m["content"]} for m in record["messages"])
    row = tokenise(Conversation(record["id"], messages), tokenizer)
    return {"input_ids": list(row.input_ids), "labels": list(row.labels)}


class _Rows:
    """A generator function that `datasets` knows by a name: it would pickle all that this one refers to, open files
    included, to tell it from others."""

    def __init__(self, rows: Callable[[], Iterator[dict[str, Any]]], name: str) -> None:
        self._rows, self._name = rows, name

    def __call__(self) -> Iterator[dict[str, Any]]:
        return self._rows()

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (self._name,)


def _streamed(settings: CheckpointSettings, bench: Bench, tokenizer: Any) -> tuple[list[Tokenised], Any]:
    """Validation from one pass over the stream, training rows from as many passes as the budget takes, each in an
    order of the seed's own as far as a buffer of rows allows."""
    from datasets import IterableDataset

    mix, source = data_mix(settings), settings.dataset
    limit, overlong = settings.max_seq_length, settings.overlong

    def conversations() -> Iterator[Conversation]:
        for place, record in records_of(source, bench, streaming=True):
            yield check_conversations([(place, record)], source)[0]

    held = _sample(mix.survey(conversations()), settings)

    def rows() -> Iterator[dict[str, Any]]:
        for conversation in mix.stream(conversations()):
            whole = tokenise(conversation, tokenizer)
            if overlong == "refuse":
                fit_length([whole], limit, overlong)
            row = shortened(whole, limit, overlong)
            if row is not None:
                yield {"input_ids": list(row.input_ids), "labels": list(row.labels)}

    seed = int(training_stream(settings, bench, "order of rows").integers(2**31))
    stream = _Rows(rows, f"{source} {settings.model_dump_json()}")
    shuffled = IterableDataset.from_generator(stream).shuffle(seed=seed, buffer_size=SHUFFLED)
    return _fit(held, tokenizer, settings, bench), shuffled


def _probe(
    settings: CheckpointSettings, bench: Bench, tokenizer: Any, judge: RewardJudge | None, validation: list[Tokenised]
) -> JudgedProbe:
    questions: list[JudgedQuestion] = []
    dev: list[JudgedQuestion] = []
    if settings.questions is not None:
        pool = read_questions(bench.data(settings.questions))
        chosen = bench.item_set.choose(len(pool))
        questions = [pool[i] for i in chosen]
        if settings.mtbench_questions_limit is not None:
            dev = _dev_questions(pool, {q.id for q in questions}, settings.mtbench_questions_limit, bench)
    texts: list[Tokenised] = []
    if settings.general_text is not None:
        lines = reading.read_text(bench.data(settings.general_text)).splitlines()
        for number, line in enumerate((line for line in lines if line.strip()), 1):
            ids = tuple(tokenizer(line, add_special_tokens=False)["input_ids"][: settings.max_seq_length])
            if len(ids) > 1:
                texts.append(Tokenised(f"text {number}", ids, ids))
    evaluation = ForgettingEvaluation(
        tokenizer, cap=settings.max_new_tokens, validation=validation, texts=texts, batch=settings.batch
    )
    return JudgedProbe(settings, bench, evaluation, judge, questions, dev)


def _dev_questions(pool: Sequence[JudgedQuestion], taken: set[str], limit: int, bench: Bench) -> list[JudgedQuestion]:
    """Questions for the way, none of which is an item of the rung.

    Raises:
        DataError: too few are left.
    """
    left = [question for question in pool if question.id not in taken]
    if len(left) < limit:
        raise DataError(
            f"mtbench_questions_limit={limit} needs so many questions beside the {len(taken)} that the rung reports "
            f"on; {len(left)} of {len(pool)} are left. Lower it, or the rung's items."
        )
    order = bench.item_set.rng("dev questions").permutation(len(left))
    return [left[i] for i in order[:limit]]


def _generic_prompts(settings: CheckpointSettings, bench: Bench, tokenizer: Any) -> list[list[int]]:
    """The questions of another data set, each under the chat template, without their answers."""
    assert settings.prompts_dataset is not None
    records = records_of(settings.prompts_dataset, bench, streaming=False)
    found = []
    for conversation in check_conversations(records, settings.prompts_dataset):
        place = f"Conversation {conversation.id}"
        text = render(tokenizer, conversation.messages[:-1], generation=True, place=place)
        found.append(tokenizer(text, add_special_tokens=False)["input_ids"][: settings.max_seq_length])
    return found
