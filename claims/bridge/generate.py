"""Writes the claims of this folder: one list of arms, so that no claim lacks a control.

Run: ``python claims/bridge/generate.py`` (``--check`` only compares).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

MISTRAL, LLAMA = "mistralai/Mistral-7B-Instruct-v0.3", "meta-llama/Llama-3.1-8B-Instruct"
FORWARD = {"source": "stand-in:digits", "target": "stand-in:words"}
BACKWARD = {"source": "stand-in:words", "target": "stand-in:digits"}
LARGE = {
    "soft_tokens": 64, "bottleneck": 1024, "depth": 4, "heads": 16, "new_tokens": 256, "batch": 16, "shots": 8,
    "dev_pool": 200, "train_pool": 7000,
}  # fmt: skip
SMALL_ONLY = {"task", "layer", "training.learning_rate"}
"""Settings of the stand-ins' claims that the real models' twins have their own values for."""

SIZES = {"bottleneck": 96, "depth": 2, "heads": 4}
"""Defaults of sizes that a linear bridge and a constant prompt do not have."""

CONTROLS: tuple[tuple[str, str, dict[str, Any], bool], ...] = (
    # name, role, settings, untrained; those that train come first, so that nobody waits for a shared training
    ("constant_prompt", "rival", {"bridge": "constant_prompt"}, False),
    ("untrained_source", "rival", {"source_reading": "untrained"}, False),
    ("source_embeddings", "rival", {"source_reading": "embeddings"}, False),
    ("linear", "rival", {"bridge": "linear"}, False),
    ("zeros", "rival", {"control": "zeros"}, False),
    ("shuffled", "rival", {"control": "shuffled"}, False),
    ("noise", "rival", {"control": "noise"}, False),
    ("mean", "rival", {"control": "mean"}, False),
    ("target_text", "reference", {"reference": "target_text"}, True),
    ("source_text", "reference", {"reference": "source_text"}, True),
    ("relay", "reference", {"reference": "relay"}, True),
    ("source_probe", "reference", {"reference": "source_probe"}, True),
)


@dataclass(frozen=True)
class Spec:
    """One claim.

    Attributes:
        name: of the file.
        comment: lines of the opening comment; source, expectation.
        question: one sentence.
        settings: dotted keys of the bridge.
        steps, seeds, items, margin: of the only rung.
        rivals, references: further arms that the bridge must beat, or that are shown beside it, name to settings.
        backward: from the second model to the first.
        minutes: on two cores.
        real: whether a twin for the real models is written.
        real_comment: its opening comment, where another one is due there.
    """

    name: str
    comment: tuple[str, ...]
    question: str
    settings: dict[str, Any]
    steps: int = 1000
    seeds: tuple[int, ...] = (1, 2, 3)
    items: int = 400
    margin: float = 0.05
    rivals: dict[str, dict[str, Any]] = field(default_factory=dict)
    references: dict[str, dict[str, Any]] = field(default_factory=dict)
    backward: bool = False
    minutes: int = 45
    real: bool = True
    real_comment: tuple[str, ...] = ()


def losses(**weights: float) -> dict[str, Any]:
    return {f"training.losses.{name}": value for name, value in weights.items()}


DIT = {"bridge": "dit"}
COMMON = {**DIT, **losses(flow=0.1, format=0.1)}
WITH_TEXT = {"training.prompt_mode": "soft_plus_text"}
PHASE_ONE = "The log's first phase, Mistral -> Llama: bridged .645 (peak .680), source .540, target .770, n = 200."
SOFT_ONLY = {**DIT, **losses(flow=1.0, prompt_alignment=1.0)}


def mended(
    name: str, what: str, question: str, change: dict[str, Any], undo: dict[str, Any], **rivals: dict[str, Any]
) -> Spec:
    """A claim about one upgrade of the soft-only run; the run without it is a rival."""
    return Spec(
        name,
        (f"Source: the log's action items: {what}", "Expected: no gain; the soft-only run of the log collapsed."),
        question, {**SOFT_ONLY, **change}, rivals={"without": undo, **rivals}, backward=True,
    )  # fmt: skip


FLAGSHIP = {
    "layer": 1,
    "training.learning_rate": 2e-3,
    "training.kl_tokens": 24,
    **losses(kl=1.0, token_alignment=0.3),
}

SPECS = (
    Spec("transport",
         ("Task A: the target sees no question; everything it knows came over the bridge.",
          "Settings were chosen on the split task with development seeds.",
          "Expected: far above shuffled sources, but not above source_embeddings: nothing has to be worked out."),
         "Can soft tokens carry a whole question from one model into another?",
         {"task": "transport", **FLAGSHIP}, steps=600, minutes=15, real_comment=(
             "The target sees no question of GSM8K; everything it knows came over the bridge.",
             "Expected: no gain over the best control; the soft-only run of the log collapsed.")),
    Spec("split",
         ("Task B: the source reads how a story begins, the target how it goes on; neither can answer alone.",
          "Settings were chosen on development seeds (1000 and, looked at once, 1 and 2): 8, 12 or 24 soft tokens, all",
          "states or their mean, layer 1, 2 or the last, 600 or 800 steps. From the last layer some seeds learn late.",
          "Expected: far above every control at evaluation, but not above source_embeddings, the best one of equal",
          "training: the target can work out itself what the source has read, and embeddings say it most plainly."),
         "Can a target use facts that only the source has read?",
         {"task": "split", **FLAGSHIP}, steps=600, seeds=(11, 12, 13), minutes=15, real=False,
         references={"last_layer": {"layer": -1}}),
    Spec("recall",
         ("Task B once more, with facts that no text holds: the source reads who has, gives and takes some, and knows",
          "how many by heart; the target reads how the story goes on. The test has other people than the training.",
          "Settings were chosen on development people with seed 1000: layer 2, 3 or the last, learning rates of .002",
          "and .004, 600 to 1,400 steps, of which the last were still of use.",
          "Expected: more than 20 points above every control; source_embeddings at the floor, as names tell nothing."),
         "Can a target use what a source knows but has not read?",
         {"task": "recall", "source": "stand-in:records",
          **{name: value for name, value in FLAGSHIP.items() if name != "layer"}},
         steps=2000, seeds=(11, 12, 13), minutes=45, real=False, references={"first_layer": {"layer": 1}}),
    Spec("soft_plus_text",
         ("The target has the whole text and gets the soft tokens beside it; the baseline is the text alone.",
          "Expected: no effect: what the soft tokens could tell stands in the text already."),
         "Do soft tokens help a target that has the text anyway?",
         {"task": "transport", **FLAGSHIP, **WITH_TEXT}, steps=400, minutes=10),
    Spec("phase1_full",
         (PHASE_ONE, "KL, prompt alignment and positional alignment together, decode supervision off.",
          "Expected: no gain over the text alone."),
         "Does the full first-phase bridge beat every control?",
         {**COMMON, **WITH_TEXT, "training.teacher": "answer",
          **losses(kl=0.03, prompt_alignment=0.001, positional=0.01)}),
    Spec("phase1_kl",
         ("The log's ablation B, KL only: .625 (peak .710); n = 200, standard error .034.",
          "Expected: no gain over the text alone; not to be told from phase1_full."),
         "Does the bridge with the KL alone beat every control?",
         {**COMMON, **WITH_TEXT, "training.teacher": "answer", **losses(kl=0.03)}),
    Spec("phase1_kl_prompt",
         ("The log's ablation C, KL and prompt alignment without positions: .655 (plateau near .615).",
          "Expected: no gain over the text alone; not to be told from phase1_full."),
         "Does the bridge with KL and prompt alignment beat every control?",
         {**COMMON, **WITH_TEXT, "training.teacher": "answer", **losses(kl=0.03, prompt_alignment=0.001)}),
    Spec("phase2_prompt_plus_text",
         ("The log's second phase, Llama -> Mistral, prompt teacher beside the text: .260 (peak .290), target .515.",
          "Expected: no gain, perhaps a regression: the soft tokens repeat the text."),
         "Does a prompt teacher beside the text help the other direction?",
         {**COMMON, **WITH_TEXT, **losses(prompt_alignment=0.001)}, backward=True),
    Spec("phase2_prompt_soft_only",
         ("The log's collapsed run: prompt alignment and flow at weight 1, soft tokens alone: .025, always '#### 10'.",
          "Expected: no gain, with collapse alarms."),
         "Can flow and prompt alignment alone carry a question?", dict(SOFT_ONLY), backward=True),
    Spec("phase2_answer_plus_text",
         ("The log's answer teacher beside the text: .315 (peak .360, of a run that timed out), target .515.",
          "Expected: no gain over the text alone."),
         "Does an answer teacher beside the text help the other direction?",
         {**COMMON, **WITH_TEXT, "training.teacher": "answer", **losses(prompt_alignment=0.001)}, backward=True),
    Spec("phase2_answer_longer",
         ("The log's action item 1: the same with time enough for the final evaluation. The final step is what counts.",
          "Expected: no gain over the text alone."),
         "Does the answer teacher hold its gain to the end of a longer training?",
         {**COMMON, **WITH_TEXT, "training.teacher": "answer", **losses(prompt_alignment=0.001)}, steps=2000,
         backward=True, minutes=90),
    Spec("adapter",
         ("The log's later line: an adapter reached 45.5 % against 54 % for the target alone.",
          "Expected: no gain over the text alone."),
         "Do adapters in the target's layers use soft tokens beside the text?",
         {**WITH_TEXT, "injection": "adapter", **losses(token_alignment=0.1)}, backward=True),
    mended("curriculum", "start with the text and fade to soft tokens alone.",
           "Does a curriculum from text to soft tokens alone save the soft-only bridge?",
           {"training.curriculum.text_steps": 300, "training.curriculum.fade_steps": 400},
           {"training.curriculum.text_steps": 0, "training.curriculum.fade_steps": 0}),
    mended("contrastive", "a contrastive prompt loss against constant outputs.",
           "Does a contrastive loss save the soft-only bridge?", losses(contrastive=0.3), losses(contrastive=0.0)),
    mended("probe", "an auxiliary probe that reads the source off the soft tokens.",
           "Does an auxiliary probe save the soft-only bridge?", losses(probe=0.3), losses(probe=0.0)),
    mended("scaled_format", "the format penalty at the scale of the prompt alignment.",
           "Does a format penalty as heavy as the alignment help the soft-only bridge?", losses(format=1.0),
           losses(format=0.0), ordinary=losses(format=0.1)),
    mended("token_positional", "alignment with the target's vocabulary and positions.",
           "Does alignment with vocabulary and rotary positions save the soft-only bridge?",
           losses(token_alignment=0.3, positional=0.1), losses(token_alignment=0.0, positional=0.0)),
)  # fmt: skip


def rendered(spec: Spec, *, real: bool) -> str:
    """The TOML text of a claim."""
    up = "../../../../" if real else "../../../"
    if real:
        models = {"source": LLAMA, "target": MISTRAL} if spec.backward else {"source": MISTRAL, "target": LLAMA}
        data = {"task": "gsm8k", "train_data": f"{up}shared/data/gsm8k/train.jsonl",
                "test_data": f"{up}shared/data/gsm8k/test_first1000.jsonl"}  # fmt: skip
        kept = {name: value for name, value in spec.settings.items() if name not in SMALL_ONLY}
        settings = {**models, **data, **LARGE, "training.batch": 8, "training.learning_rate": 1e-4, **kept}
        place, where = "real/", "not measured, nor the memory: it needs a GPU and has not been run here"
    else:
        settings = {**(BACKWARD if spec.backward else FORWARD), **spec.settings}
        place, where = "", f"about {spec.minutes} minutes on two cores"
    comment = spec.real_comment if real and spec.real_comment else spec.comment
    lines = [f"# {spec.question}", "#", *(f"# {line}" for line in comment)]
    lines += [f"# Command: evenhand run claims/bridge/{place}{spec.name}.toml", f"# Time: {where}."]
    lines += [f'question = "{spec.question}"', 'recipe = "bridge"', "", "[settings]"]
    lines += _nested(settings)
    lines += ["", "[budget]", 'unit = "steps"', "", "[metric]", 'name = "exact_match"', f"margin = {spec.margin}"]
    lines += _arm("target_alone", "baseline", {"control": "no_soft_tokens"}, untrained=True)
    lines += _arm("bridge", "variant", {})
    for name, change in spec.rivals.items():
        lines += _arm(name, "rival", change)
    for name, change in spec.references.items():
        lines += _arm(name, "reference", change)
    with_text = spec.settings.get("training.prompt_mode") == "soft_plus_text"
    lines += _controls(settings, with_text=with_text)
    seeds = ", ".join(map(str, spec.seeds))
    lines += ["", "[[rung]]", 'name = "confirm"', f"budget = {spec.steps * (2 if real else 1)}", f"seeds = [{seeds}]",
              f"items = {spec.items}", ""]  # fmt: skip
    return "\n".join(lines)


def _controls(settings: dict[str, Any], *, with_text: bool) -> list[str]:
    """Every control and reference as an arm."""
    lines = []
    for name, role, change, untrained in CONTROLS:
        if with_text and name == "target_text":
            continue  # it is the baseline: the target alone has the text already
        lines += _arm(name, role, _sensible(change, settings), untrained=untrained)
    return lines


def _sensible(change: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """A control's settings with what it does not look at taken back: the flow of dit, sizes of a translator."""
    if "layer" in settings and (
        change.get("bridge") == "constant_prompt" or change.get("source_reading") == "embeddings"
    ):
        change = {**change, "layer": -1}
    if "bridge" not in change:
        return change
    change = {**change, **{name: value for name, value in SIZES.items() if name in settings}}
    if "training.losses.flow" in settings:
        change["training.losses.flow"] = 0.0
        taught = {f"training.losses.{n}" for n in ("token_alignment", "contrastive", "positional", "decode")}
        if not any(settings.get(name) for name in taught) and "training.teacher" in settings:
            change["training.teacher"] = "prompt"
    return change


def _arm(name: str, role: str, settings: dict[str, Any], *, untrained: bool = False) -> list[str]:
    lines = ["", "[[arm]]", f'name = "{name}"', f'role = "{role}"']
    if untrained:
        lines += ["untrained = true", "deterministic = true"]
    if settings:
        lines.append("settings = { " + ", ".join(f'"{k}" = {_value(v)}' for k, v in settings.items()) + " }")
    return lines


def _nested(settings: dict[str, Any]) -> list[str]:
    """Plain keys first, then dotted ones as TOML's dotted keys."""
    order = sorted(settings, key=lambda key: ("." in key, key))
    return [f"{key} = {_value(settings[key])}" for key in order]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)


def documents() -> dict[Path, str]:
    """Every claim file and its text."""
    found = {HERE / f"{spec.name}.toml": rendered(spec, real=False) for spec in SPECS}
    found |= {HERE / "real" / f"{spec.name}.toml": rendered(spec, real=True) for spec in SPECS if spec.real}
    rung = ["", "[[rung]]", 'name = "confirm"', "budget = 20", "seeds = [1, 2, 3]", "items = 48", ""]
    found[HERE / "gsm8k_form.toml"] = GSM8K_FORM + "\n".join([*_controls({}, with_text=False), *rung])
    return found


GSM8K_FORM = """\
# Does the GSM8K form run end to end on real questions?
#
# Two tiny models with tokenizers of different origin, trained for a moment: this shows the form, not a bridge.
# Expected: invalid (saturated) or no effect, every arm at the floor.
# Command: evenhand run claims/bridge/gsm8k_form.toml
# Time: about 7 minutes on two cores.
question = "Does the GSM8K form run end to end on real questions?"
recipe = "bridge"

[settings]
task = "gsm8k"
source = "tiny:../../../shared/data/tokenizers/torchtune_llama3style_bpe2000_tokenizer.json"
target = "tiny:../../../shared/data/tokenizers/torchtune_qwen2style_bpe2000_tokenizer.json"
train_data = "../../../shared/data/gsm8k/train.jsonl"
test_data = "../../../shared/data/gsm8k/test_first1000.jsonl"
train_pool = 400
dev_pool = 16
new_tokens = 64
batch = 16
evaluate_every = 0
training.batch = 4

[budget]
unit = "steps"

[metric]
name = "exact_match"
margin = 0.05

[[arm]]
name = "target_alone"
role = "baseline"
untrained = true
deterministic = true
settings = { "control" = "no_soft_tokens" }

[[arm]]
name = "bridge"
role = "variant"
"""


def main(check: bool) -> int:
    """Write the files, or compare them."""
    wrong = [path for path, text in documents().items() if not path.exists() or path.read_text() != text]
    if check:
        for path in wrong:
            print(f"{path.relative_to(HERE)} differs from what generate.py writes")
        return 1 if wrong else 0
    for path, text in documents().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
