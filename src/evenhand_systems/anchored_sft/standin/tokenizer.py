"""The stand-in's tokenizer: a token per character, tags in one token each, and a chat template."""

from __future__ import annotations

import string
from collections.abc import Iterable
from typing import Any

from evenhand_systems.anchored_sft.standin.skills import SKILLS

PAD, USER, ASSISTANT, END = "<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
SKILL_ALPHABET = string.ascii_lowercase + string.digits + ",+?<>= "


def character_tokenizer(alphabet: Iterable[str], words: Iterable[str] = ()) -> Any:
    """A ``PreTrainedTokenizerFast`` over single characters and the given words.

    Args:
        alphabet: characters, each a token; others become the unknown token.
        words: longer strings that are one token each.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = [PAD, USER, ASSISTANT, END, "<|system|>", "<|unknown|>"]
    words = list(words)
    entries = [*special, *words, *sorted(set(alphabet))]
    core = Tokenizer(models.WordLevel({entry: i for i, entry in enumerate(entries)}, unk_token="<|unknown|>"))
    pattern = "|".join([*words, r"[\s\S]"])
    core.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "isolated")
    core.decoder = decoders.Fuse()
    core.add_special_tokens([AddedToken(token, special=True) for token in special])
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=core, pad_token=PAD, eos_token=END, unk_token="<|unknown|>", padding_side="left"
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def skill_tokenizer() -> Any:
    """The tokenizer of the tagged skills."""
    return character_tokenizer(SKILL_ALPHABET, [f"{skill}:" for skill in SKILLS])
