"""Every file that the systems of language models read, sound, with its reader: what is damaged to try the readers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from evenhand_systems.anchored_sft.arms.text import read_any_conversations, read_documents
from evenhand_systems.anchored_sft.data.conversations import read_conversations, repeated
from evenhand_systems.anchored_sft.evaluation.reward_model import read_cache, read_questions
from evenhand_systems.bridge.evaluation.summarise import read_groups, render, summarise
from evenhand_systems.bridge.inputs import read_answers
from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.models.language_model import LanguageModel, read_numerals
from evenhand_systems.bridge.models.state_cache import StateCache, write_cache
from evenhand_systems.bridge.tasks.formats import STORY
from evenhand_systems.bridge.tasks.items import read_gsm8k
from evenhand_systems.bridge.training.assets import read_history
from evenhand_systems.bridge.translation.bridge import Bridge, load_bridge
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt
from evenhand_systems.bridge.translators import TranslatorConfig, build_translator, load_translator, save_translator
from tests.mutations import json_mutations, mutations


@dataclass(frozen=True)
class Reader:
    """A file and what reads it.

    Attributes:
        name: the file's; says what is read by its ending.
        read: the reader, and what is done with what it read.
        prepare: writes the sound file, and what belongs beside it, into a folder.
    """

    name: str
    read: Callable[[Path], object]
    prepare: Callable[[Path], None]

    def damaged(self, path: Path, count: int, seed: int) -> Iterator[bytes]:
        """``count`` damaged copies of the sound file, and half as many that are still JSON where it is."""
        sound = path.read_bytes()
        yield from mutations(sound, count, seed)
        if path.suffix == ".json":
            yield from json_mutations(json.loads(sound), count // 2, seed)
        if path.suffix == ".jsonl":
            rows = [json.loads(line) for line in sound.splitlines()]
            for mutated in json_mutations(rows, count // 2, seed):
                document = json.loads(mutated)
                yield "\n".join(map(json.dumps, document)).encode() if isinstance(document, list) else mutated


def _lines(rows: list[Any]) -> Callable[[Path], None]:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return lambda path: path.write_text(text, encoding="utf-8") and None


def _document(value: Any) -> Callable[[Path], None]:
    return lambda path: path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8") and None


def _parquet(rows: list[Any]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), path)

    return write


TALKS = [
    {
        "id": f"row {i}",
        "subset": "reasoning" if i % 2 else "general",
        "messages": [
            {"role": "system", "content": "Антон"},
            {"role": "user", "content": f"2 + {i}?"},
            {"role": "assistant", "content": f"{2 + i} — naïve"},
        ],
    }
    for i in range(6)
]
QUESTIONS = [{"question_id": 81 + i, "category": "writing", "turns": [f"Say {i}.", "Again."]} for i in range(5)]
REWARDS = [{"key": f"{i:064x}", "reward": i / 7 - 0.3} for i in range(6)]
TASKS = [
    {"id": f"t{i}", "instruction": f"скажи {i}", "instances": [{"input": "да" * i, "output": "абв"}]} for i in range(5)
]
ARTICLES = {"data": [{"title": f"t{i}", "paragraphs": [{"context": f"\ufeffстатья {i}"}]} for i in range(4)]}
PROBLEMS = [
    {"question": f"Ada has {i} and finds {i}. How many?", "answer": f"{i}+{i}=<<{i}+{i}={2 * i}>>\n#### {2 * i},000"}
    for i in range(1, 6)
]
ANSWERED = [
    {"id": f"i{i}", "kind": "bridge", "seed": i % 2, "gold": "7", "bridged_output": "#### 7", "target_strict": "7"}
    for i in range(6)
]
COURSE = {
    "curves": [{"step": 1.0, "loss": 2.5}], "steps": [[20, 4], [21, 4]], "notes": {"weights": "final"}, "sha256": None,
}  # fmt: skip
TEXTS = ("Ada has 12 apples.", "Ben has 3 coins.")


@cache
def _model() -> LanguageModel:
    return LanguageModel(standins.untrained("words", 0), standins.tokenizer("words"), "words", "words")


def _translator(path: Path) -> None:
    config = TranslatorConfig("cross_attention", 8, 6, 0.5, 3, bottleneck=8, depth=1, heads=2)
    save_translator(build_translator(config, 0), path.parent)


def _no_states(_: object) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros(1, 1, 8), torch.ones(1, 1)


def _bridge(path: Path) -> None:
    model = _model()
    config = TranslatorConfig("linear", 8, model.width, 0.5, 3, bottleneck=8, depth=1, heads=2)
    prompt, translator = SoftPrompt(model, "adapter"), build_translator(config, 0)
    Bridge(_no_states, translator, prompt, Prompts(model, STORY)).save(path.parent)


def _load_bridge(path: Path) -> object:
    return load_bridge(path.parent, _no_states, _model(), Prompts(_model(), STORY))


def _states(path: Path) -> None:
    write_cache(path.parent, _model(), TEXTS, 1, "model")


def _read_states(path: Path) -> object:
    cache = StateCache(path.parent, "model", 1)
    return [cache.states(text) for text in TEXTS]


ANCHORED = (
    Reader("talks.jsonl", lambda path: repeated(read_conversations(path)), _lines(TALKS)),
    Reader("talks.json", lambda path: repeated(read_conversations(path)), _document(TALKS)),
    Reader("talks.parquet", lambda path: repeated(read_conversations(path)), _parquet(TALKS)),
    Reader("questions.jsonl", read_questions, _lines(QUESTIONS)),
    Reader("questions.json", read_questions, _document(QUESTIONS)),
    Reader("rewards.jsonl", read_cache, _lines(REWARDS)),
    Reader("tasks.jsonl", read_any_conversations, _lines(TASKS)),
    Reader("articles.json", read_documents, _document(ARTICLES)),
    Reader("articles.txt", read_documents, _lines(["a", "b", "c"])),
)
BRIDGE = (
    Reader("problems.jsonl", lambda path: read_gsm8k(path, "x"), _lines(PROBLEMS)),
    Reader("answered.jsonl", lambda path: [render(s) for s in summarise(read_groups(path))], _lines(ANSWERED)),
    Reader("answers.json", lambda path: read_answers(path, 3), _document(["a", "b", "c"])),
    Reader("history.json", read_history, _document(COURSE)),
    Reader("bridge.json", read_numerals, _document({"numerals": "words"})),
    Reader("states.json", _read_states, _states),
    Reader("states-00000.safetensors", _read_states, _states),
    Reader("soft_prompt.json", _load_bridge, _bridge),
    Reader("adapters.safetensors", _load_bridge, _bridge),
)
TRANSLATORS = (
    Reader("translator.json", lambda path: load_translator(path.parent), _translator),
    Reader("translator.safetensors", lambda path: load_translator(path.parent), _translator),
)
