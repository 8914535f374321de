"""From the settings of a text task to its corpus and wording."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from evenhand.data.records import Record, read_records
from evenhand.errors import DataError
from evenhand.recipes.contract import Bench
from evenhand_systems.future_seed.tasks.structure import Protein, load_structure_task, related
from evenhand_systems.future_seed.text import arc, hotpot, mbpp, proteins, punctuation
from evenhand_systems.future_seed.text.chains import Chain, read_chains
from evenhand_systems.future_seed.text.examples import Corpus, Example, hold_out, make_corpus
from evenhand_systems.future_seed.text.prompts import Wording
from evenhand_systems.future_seed.text.settings import (
    ArcSettings,
    ContactSettings,
    HotpotSettings,
    MbppSettings,
    PunctuationSettings,
    SpotSettings,
    SudokuTextSettings,
    TextSettings,
    WindowSettings,
)


def load_corpus(settings: TextSettings, bench: Bench) -> tuple[Corpus, Wording]:  # noqa: PLR0911 (one per task)
    """Examples and wording of a text task.

    Raises:
        DataError: files missing or faulty, too few examples.
    """
    if isinstance(settings, SpotSettings | WindowSettings):
        return _spot(settings, bench), proteins.SPOT_WORDING
    if isinstance(settings, ContactSettings):
        return _contacts(settings, bench), proteins.CONTACT_WORDING
    if isinstance(settings, SudokuTextSettings):
        return _sudoku(settings, bench), SUDOKU_WORDING
    if isinstance(settings, PunctuationSettings):
        return _punctuation(settings, bench), punctuation.WORDING
    if isinstance(settings, MbppSettings):

        def make(records: Sequence[Record], source: str) -> list[Example]:
            return mbpp.mbpp_examples(records, source, settings.notes, settings.tests_shown)

        return _from_records(settings, bench, make, mbpp.official_split), mbpp.WORDING
    if isinstance(settings, ArcSettings):
        return _from_records(settings, bench, arc.arc_examples), arc.WORDING
    assert isinstance(settings, HotpotSettings)
    return _from_records(settings, bench, hotpot.hotpot_examples), hotpot.WORDING


Split = Callable[[Sequence[Example]], tuple[list[Example], list[Example]]]


def _from_records(
    settings: ArcSettings | HotpotSettings | MbppSettings,
    bench: Bench,
    make: Callable[[Sequence[Record], str], list[Example]],
    official: Split | None = None,
) -> Corpus:
    train = make(read_records(settings.train, bench.data), settings.train)
    if settings.evaluation is not None:
        evaluation = make(read_records(settings.evaluation, bench.data), settings.evaluation)
        return make_corpus(train, evaluation, settings.least, "data.train")
    if official is not None:
        parts = official(train)
        if all(parts):
            return make_corpus(*parts, settings.least, "data.train")
    return make_corpus(*hold_out(train, settings.holdout), settings.least, "data.train")


def _punctuation(settings: PunctuationSettings, bench: Bench) -> Corpus:
    """The split comes first, so that no evaluation sentence stands in a training example's notes."""

    def lines(source: str) -> list[tuple[str, str]]:
        return punctuation.sentences(read_records(source, bench.data), settings.shortest, settings.longest, source)

    every = lines(settings.train)
    if settings.evaluation is None:
        as_examples = [Example(text, "", text, text, cluster=cluster) for text, cluster in every]
        parts = [[(e.id, e.cluster) for e in part] for part in hold_out(as_examples, settings.holdout)]
    else:
        parts = [every, lines(settings.evaluation)]
    train, evaluation = (punctuation.punctuation_examples(part, settings.notes) for part in parts)
    corpus = make_corpus(train, evaluation, settings.least, "data.train")
    return Corpus(corpus.train, corpus.evaluation, {**corpus.facts, **punctuation.facts([*train, *evaluation])})


def _spot(settings: SpotSettings | WindowSettings, bench: Bench) -> Corpus:
    files = [None if p is None else bench.data(p) for p in (settings.train, settings.labels, settings.mask)]
    assert files[0] is not None
    task = load_structure_task(files[0], files[1], files[2], settings.split, settings.crop, settings.overlap)
    held = list({protein.name: protein for _, protein in task.windows}.values())
    window = settings.window if isinstance(settings, WindowSettings) else None
    train, evaluation = (
        proteins.spot_examples(part, settings.positions, settings.crop, window) for part in (task.train, held)
    )
    corpus = make_corpus(train, evaluation, settings.least, "data.train")
    return Corpus(corpus.train, corpus.evaluation, {**task.facts, **corpus.facts})


def _contacts(settings: ContactSettings, bench: Bench) -> Corpus:
    folder = bench.data(settings.train)
    chains = read_chains(folder, settings.chains, settings.longest)
    proteins.check_chains(chains, folder)
    train_chains, held = _split_chains(chains, settings.holdout)
    kin = related([_as_protein(c) for c in held], [_as_protein(c) for c in train_chains], settings.overlap)
    alone = [chain for chain, close in zip(held, kin, strict=True) if not close]
    train, evaluation = (
        proteins.contact_examples(
            part, settings.pairs, settings.cutoff, settings.separation, balanced=settings.balanced
        )
        for part in (train_chains, alone)
    )
    corpus = make_corpus(train, evaluation, settings.least, "data.train, data.pairs")
    contacts = sum(example.answer == proteins.YES for example in corpus.evaluation)
    facts = {
        "chains": f"training {', '.join(c.name for c in train_chains)}; evaluation {', '.join(c.name for c in alone)}",
        "relatives left out": str(int(np.sum(kin))),
        "contacts": f"{contacts} of {len(corpus.evaluation)} evaluation pairs",
    }
    return Corpus(corpus.train, corpus.evaluation, {**corpus.facts, **facts})


def _split_chains(chains: Sequence[Chain], share: float) -> tuple[list[Chain], list[Chain]]:
    """Whole chains to either side, by a hash of their names; with few chains the share is made sure of."""
    ranked = sorted(chains, key=lambda chain: hashlib.sha256(chain.name.encode()).digest())
    count = max(1, round(share * len(ranked)))
    return ranked[count:], ranked[:count]


def _as_protein(chain: Chain) -> Protein:
    size = len(chain.sequence)
    return Protein(chain.name, chain.sequence, "C" * size, "1" * size, "train")


SUDOKU_WORDING = Wording(context="Sudoku:\n", question="", answer="Blanks:")


def _sudoku(settings: SudokuTextSettings, bench: Bench) -> Corpus:
    """Puzzles as text; training and evaluation share no solution."""
    from evenhand.recipes.trial import ItemSet
    from evenhand_systems.future_seed.task_settings import SudokuSettings
    from evenhand_systems.future_seed.tasks.build import in_place_task
    from evenhand_systems.future_seed.tasks.problems import IGNORED

    chosen = SudokuSettings(
        name="sudoku", side=settings.side, holes=settings.holes, pattern=settings.pattern, grids=settings.grids,
        bank=settings.bank,
    )  # fmt: skip
    assert settings.examples is not None  # the class gives a default, and a number is needed to generate
    assert settings.evaluation_examples is not None
    task = in_place_task(chosen, settings.evaluation_examples, bench)

    def examples(problems: object, prefix: str) -> list[Example]:
        made = []
        for number, (row, target) in enumerate(zip(problems.tokens, problems.targets, strict=True)):  # type: ignore[attr-defined]
            cells = "".join(task.symbols[token] for token in row)
            grid = "\n".join(cells[i : i + settings.side] for i in range(0, len(cells), settings.side))
            answer = "".join(task.symbols[token] for token in target[target != IGNORED])
            made.append(Example(f"{prefix}{number}", grid, "Name the blanks in order.", f" {answer}"))
        return made

    train = examples(task.training(np.random.default_rng(0), settings.examples), "train")
    held = examples(task.evaluation(ItemSet("all", 0, None, 0)).problems, "evaluation")
    return make_corpus(train, held, settings.least, "data.examples")


def resolve_vocabulary(settings: TextSettings, bench: Bench) -> Path | None:
    """The tokenizer's file, or None for bytes."""
    if settings.vocabulary is None:
        return None
    path = bench.data(settings.vocabulary)
    if not path.is_file():
        raise DataError(f"data.vocabulary = {settings.vocabulary} is no file.")
    return path
