"""What the tests of this system share: a tokenizer, a tiny Qwen3 with random weights, and tokenised lessons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from trl import SFTConfig

from evenhand_systems.anchored_sft.data.conversations import Conversation, tokenise
from evenhand_systems.anchored_sft.standin import skills
from evenhand_systems.anchored_sft.standin.pretrain import small_qwen3
from evenhand_systems.anchored_sft.standin.tokenizer import skill_tokenizer
from evenhand_systems.anchored_sft.training.trainer import AnchoredSFTTrainer

WIDTHS = {"hidden": 16, "intermediate": 24, "layers": 2, "heads": 2, "kv_heads": 1}


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return skill_tokenizer()


@pytest.fixture
def tiny(tokenizer: Any) -> Any:
    torch.manual_seed(0)
    return small_qwen3(len(tokenizer), tokenizer, WIDTHS)


@pytest.fixture
def adapted(tiny: Any) -> Any:
    """The tiny model with an adapter that does something."""
    torch.manual_seed(1)
    model = get_peft_model(tiny, LoraConfig(r=2, target_modules="all-linear", lora_dropout=0.0))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.3)
    return model


def make_lessons(tokenizer: Any, count: int, seed: int = 0) -> list[Any]:
    """Tokenised conversations of the new task and of an old skill."""
    rng, world = np.random.default_rng(seed), skills.the_world()
    pairs = [
        skills.target_lesson(rng, "ranked") if i % 2 else skills.lesson("recall", rng, world) for i in range(count)
    ]
    return [
        tokenise(Conversation(str(i), ({"role": "user", "content": p}, {"role": "assistant", "content": a})), tokenizer)
        for i, (p, a) in enumerate(pairs)
    ]


def make_dataset(rows: list[Any]) -> Dataset:
    return Dataset.from_list([{"input_ids": list(r.input_ids), "labels": list(r.labels)} for r in rows])


def make_trainer(
    model: Any,
    tokenizer: Any,
    rows: list[Any],
    folder: Path,
    *,
    callbacks: Any = None,
    anchor: Any = None,
    **changes: Any,
) -> AnchoredSFTTrainer:
    options: dict[str, Any] = {
        "per_device_train_batch_size": 4, "gradient_accumulation_steps": 1, "max_steps": 3, "learning_rate": 1e-2,
        "lr_scheduler_type": "constant", "report_to": [], "save_strategy": "no", "logging_steps": 1, "seed": 0,
        "train_sampling_strategy": "sequential", "disable_tqdm": True, "use_cpu": True, "bf16": False,
        "gradient_checkpointing": False, "max_length": None, "dataset_kwargs": {"skip_prepare_dataset": True},
        "max_grad_norm": 0.0,
    }  # fmt: skip
    return AnchoredSFTTrainer(
        model,
        args=SFTConfig(str(folder), **(options | changes)),
        train_dataset=make_dataset(rows),
        processing_class=tokenizer,
        anchor=anchor,
        callbacks=callbacks,
    )


@pytest.fixture(scope="session")
def lessons() -> Any:
    return make_lessons


@pytest.fixture(scope="session")
def dataset_of() -> Any:
    return make_dataset


@pytest.fixture(scope="session")
def trainer_of() -> Any:
    return make_trainer


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("assets")


@pytest.fixture
def run_trial(tmp_path: Path, assets: Path) -> Any:
    """Runs a recipe of this system in this process and returns its outcome."""
    from evenhand.execution.worker import Job, run
    from evenhand.recipes import catalogue
    from evenhand.recipes.outcome import Outcome
    from evenhand.recipes.trial import ItemSet, Trial

    def go(name: str, settings: dict[str, Any], *, steps: int = 4, count: int | None = 6, seed: int = 0,
           workdir: str = "work") -> Outcome:  # fmt: skip
        reference = f"evenhand_systems.anchored_sft.recipes:{name}"
        complete = catalogue.find(reference).settings.model_validate(settings).model_dump(mode="json")
        trial = Trial(
            "claim", "arm", "default", "main", seed, reference, "1", complete, "steps", steps, ItemSet("main", 0, count)
        )
        folder = tmp_path / workdir
        folder.mkdir(exist_ok=True)
        return run(Job(trial, str(tmp_path), str(folder), str(assets)))

    return go
