"""Recipe ``future_seed.prompt``: fine-tune an RWKV-7 on prompts with answers, seeding the prompt's pass, and score it.

evenhand try future_seed.prompt --set data.name=arc --set data.train=arc_challenge_train.jsonl
"""

from __future__ import annotations

from evenhand.recipes.contract import Bench, Metric, recipe
from evenhand.recipes.outcome import Outcome
from evenhand_systems.future_seed.obstacles import obstacle, reads
from evenhand_systems.future_seed.prompt.settings import Settings


def _share(about: str) -> Metric:
    return Metric(floor=0.0, ceiling=1.0, about=about)


@recipe(
    metrics={
        "token_accuracy": _share("share of the answer's tokens that are right, the earlier ones given"),
        "exact_match": _share("whether the greedy answer is the right one, to the letter"),
        "choice_accuracy": _share("whether the likeliest of the choices is right"),
        "exec_ok": _share("whether the code that was written runs"),
        "tests_passed": _share("share of the tests that the code passes"),
        "pass_at_1": _share("whether the code passes every test"),
    },
    units=("steps", "tokens", "examples", "seconds"),
    version=1,
    preload=("evenhand_systems.future_seed.prompt.run", "evenhand_systems.rwkv7.warm"),
    obstacle=obstacle,
    reads=reads,
    micro_batch=lambda settings: int(settings["batch"]),
    needs=("torch", "numba"),
    extra="evenhand[future_seed]",
)
def run(settings: Settings, bench: Bench) -> Outcome:
    """Answer prompts: RWKV-7 fine-tuned with or without Future-Seed in the prompt's pass, or reading it twice."""
    from evenhand_systems.future_seed.prompt.run import train_and_score

    return train_and_score(settings, bench)
