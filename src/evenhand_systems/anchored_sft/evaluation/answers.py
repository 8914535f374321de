"""Greedy answers: the same weights and questions give the same text every time, and batches may be of any size."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evenhand.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

Message = dict[str, str]


def render(tokenizer: Any, messages: Sequence[Message], *, generation: bool, place: str = "A conversation") -> str:
    """The text of a conversation under the tokenizer's chat template.

    Args:
        place: which conversation it is, for messages; begins the sentence.

    Raises:
        DataError: the tokenizer has no chat template, the template refuses the conversation or is broken, or a
            message's content is no text (the text of a dictionary must never reach a model as a prompt).
    """
    if not getattr(tokenizer, "chat_template", None):
        name = getattr(tokenizer, "name_or_path", "") or type(tokenizer).__name__
        raise DataError(
            f"The tokenizer '{name}' has no chat template, so nobody knows how it wants a conversation written. "
            "Name a template file in `chat_template`, or take the instruction-tuned checkpoint's tokenizer."
        )
    for message in messages:
        if not isinstance(message.get("content"), str) or not isinstance(message.get("role"), str):
            raise DataError(
                f"A message needs a role and a content that are text; found {message!r}. "
                "Hand over the conversation as a list of messages, not as the text of one."
            )
    try:
        text: str = tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=generation)
    except MemoryError:
        raise
    except Exception as error:  # a template is a program, and can raise whatever it likes
        roles = ", ".join(message["role"] for message in messages)
        raise DataError(
            f"{place} ({roles}) cannot be written by the chat template: {type(error).__name__}: {error}. Leave out "
            "what it does not know (a system message, an order of turns), or name another template."
        ) from error
    return text


def is_text_of_messages(text: str) -> bool:
    """Whether a whole text is a message, or a list of them, as Python or JSON writes it down."""
    text = text.strip()
    if not text.startswith(("{", "[", "(")) or "role" not in text or "content" not in text:
        return False
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        messages = found if isinstance(found, list | tuple) else [found]
        return bool(messages) and all(isinstance(m, dict) and {"role", "content"} <= m.keys() for m in messages)
    return False


def pad_left(rows: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """(B, S) ids and mask of rows of different lengths, padded on the left."""
    import torch

    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, width - len(row) :] = torch.tensor(list(row))
        mask[i, width - len(row) :] = 1
    return ids, mask


def greedy_answers(
    model: Any, tokenizer: Any, prompts: Sequence[str | Sequence[Message]], *, cap: int, batch: int = 256
) -> list[str]:
    """Answers to prompts (a question, or a conversation that ends with the user's turn), decoded greedily.

    What a checkpoint brings along for its own decoding (sampling, a penalty for repetition) is left aside.

    Args:
        model: a causal language model; it is put into evaluation mode for the while.
        cap: most new tokens of an answer.
        batch: prompts decoded at once; prompts of similar length go together.

    Raises:
        DataError: as :func:`render`, or a question is the text of a list of messages.
    """
    import torch

    conversations = [[{"role": "user", "content": p}] if isinstance(p, str) else list(p) for p in prompts]
    for asked in (conversation[-1]["content"] for conversation in conversations):
        if isinstance(asked, str) and is_text_of_messages(asked):
            raise DataError(
                f"A question is the text of messages: {asked!r:.120}. The model would be asked about its own format; "
                "hand over the list of messages itself."
            )
    texts = [render(tokenizer, conversation, generation=True) for conversation in conversations]
    rows = tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    answers = [""] * len(rows)
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    try:
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            ids, mask = pad_left([rows[i] for i in chosen], tokenizer.pad_token_id)
            with torch.no_grad():
                out = model.generate(
                    input_ids=ids.to(device),
                    attention_mask=mask.to(device),
                    max_new_tokens=cap,
                    do_sample=False,
                    num_beams=1,
                    temperature=None,
                    top_p=None,
                    top_k=None,
                    # This penalty looks at the padding too, so answers would depend on the batch.
                    repetition_penalty=1.0,
                    no_repeat_ngram_size=0,
                    pad_token_id=tokenizer.pad_token_id,
                )
            new = tokenizer.batch_decode(out[:, ids.shape[1] :], skip_special_tokens=True)
            for i, answer in zip(chosen, new, strict=True):
                answers[i] = answer
    finally:
        model.train(was_training)
    return answers
