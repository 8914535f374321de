"""Conversations: reading and checking instruction data, and turning them into tokens with labels on answers only."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evenhand.errors import DataError, Fault, FaultsError, counted
from evenhand_systems.anchored_sft.chat_files import read_records, shown
from evenhand_systems.anchored_sft.data.chat import Message, render
from evenhand_systems.anchored_sft.data.opening import check_opening

ROLES = ("system", "user", "assistant")
SHOWN_FAULTS = 20
Overlong = Literal["refuse", "truncate", "drop"]


class ConversationFaults(FaultsError, DataError):
    """Conversations that cannot be trained on; names the records, the first twenty in full."""


@dataclass(frozen=True)
class Conversation:
    """One training conversation.

    Attributes:
        id: of the record, or its place in the file.
        messages: alternating user and assistant turns after at most one system message; ends with the assistant.
        subset: ``general``, ``reasoning`` or whatever the data call it; empty where they do not say.
    """

    id: str
    messages: tuple[Message, ...]
    subset: str = ""

    @property
    def digest(self) -> bytes:
        """sha256 of the content: the same conversation falls on the same side of every split."""
        return hashlib.sha256(json.dumps(self.messages, ensure_ascii=False, sort_keys=True).encode()).digest()


@dataclass(frozen=True)
class Tokenised:
    """(S,) token ids and labels of a conversation; -100 wherever the text is not an answer."""

    id: str
    input_ids: tuple[int, ...]
    labels: tuple[int, ...]

    @property
    def answer_count(self) -> int:
        """Tokens that carry loss: labelled, and not the first of the text."""
        return sum(label != -100 for label in self.labels[1:])


def read_conversations(path: Path) -> list[Conversation]:
    """All conversations of a file with a ``messages`` column (and perhaps ``id`` and ``subset``).

    Raises:
        ConversationFaults: rows that cannot be used.
        DataError: the file cannot be read, or is empty.
    """
    return check_conversations(read_records(path), str(path.name))


def check_conversations(records: Iterable[tuple[str, Any]], source: str) -> list[Conversation]:
    """Conversations of (place, record) pairs, with all faults collected.

    Raises:
        ConversationFaults, DataError: as for :func:`read_conversations`.
    """
    found: list[Conversation] = []
    faults: list[Fault] = []
    count = 0
    for place, record in records:
        messages = record.get("messages") if isinstance(record, Mapping) else None
        wrong = message_faults(messages) or _name_faults(record)
        if wrong:
            count += 1
            if len(faults) < SHOWN_FAULTS:
                faults.append(Fault(place, wrong))
            continue
        assert messages is not None
        plain = tuple({"role": m["role"], "content": m["content"]} for m in messages)
        name, subset = record.get("id"), record.get("subset")
        found.append(Conversation(place if name is None else str(name), plain, str(subset or "")))
    if count:
        more = f" ({count - len(faults)} more not shown)" if count > len(faults) else ""
        raise ConversationFaults(f"{source}: {counted(count, 'conversation')} cannot be used{more}", faults)
    if not found:
        raise DataError(f"{source} holds no conversations; expected rows with a `messages` list.")
    return found


def message_faults(messages: Any) -> str:
    """What is wrong with a list of messages, in words; empty where nothing is."""
    if messages is None:
        return "has no `messages`; expected a list of {role, content}"
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        return f"`messages` must be a list of {{role, content}}; found {type(messages).__name__}"
    if not messages:
        return "is an empty conversation"
    return _turn_faults(messages)


def _turn_faults(messages: Sequence[Any]) -> str:
    for i, message in enumerate(messages):
        if not isinstance(message, Mapping) or message.get("role") not in ROLES:
            role = message.get("role") if isinstance(message, Mapping) else message
            return f"messages[{i}] has the role {shown(role)}; expected one of {', '.join(ROLES)}"
        if not isinstance(message.get("content"), str) or not message["content"].strip():
            return f"messages[{i}] has no text; found {shown(message.get('content'))}"
    roles = [message["role"] for message in messages]
    turns = roles[1:] if roles[0] == "system" else roles
    expected = ["user", "assistant"] * (len(turns) // 2)
    if not turns or turns != expected:
        return f"must alternate user and assistant and end with the assistant; found {' '.join(roles)}"
    return ""


def _name_faults(record: Mapping[str, Any]) -> str:
    """What is wrong with the id and the subset of a record."""
    for name, kinds in (("id", str | int | None), ("subset", str | None)):
        value = record.get(name)
        if not isinstance(value, kinds) or isinstance(value, bool):
            return f"`{name}` must be a text; found {shown(value)}"
    return ""


def repeated(conversations: Sequence[Conversation]) -> str:
    """Which conversations stand more than once, in words; empty where none does.

    They are kept: whoever repeats one may mean it, and each falls on one side of every split. But its weight is
    doubled, so it is said.
    """
    said = []
    contents = Counter(c.digest for c in conversations)
    again = [c.id for c in conversations if contents[c.digest] > 1]
    if again:
        kinds = sum(count > 1 for count in contents.values())
        said.append(
            f"{len(again)} of {len(conversations)} conversations are {kinds} that stand more than once, the first is "
            f"{again[0]}"
        )
    names = Counter(c.id for c in {(c.id, c.digest): c for c in conversations}.values())
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        said.append(
            f"{counted(len(twice), 'id stands', 'ids stand')} before different conversations, the first is {twice[0]}"
        )
    return "; ".join(said)


def _shared(left: Sequence[int], right: Sequence[int]) -> int:
    """How many leading tokens two lists share."""
    count = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        count += 1
    return count


def tokenise(conversation: Conversation, tokenizer: Any) -> Tokenised:
    """The whole conversation in tokens, labels on the answers.

    An answer starts where the conversation up to its question, with the template's opening of an answer, ends. Answers
    of earlier turns that the template shows otherwise later on (Qwen3 strips their thoughts) carry no loss.

    Raises:
        DataError: the template leaves no answer to learn from, would have its header learned with it, or refuses the
            conversation; or the tokenizer has none.
    """

    def ids(messages: Sequence[Message], generation: bool) -> list[int]:
        text = render(tokenizer, messages, generation=generation, place=place)
        found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    messages, place = conversation.messages, f"Conversation {conversation.id}"
    answered = next((i for i, message in enumerate(messages) if message["role"] == "assistant"), None)
    if answered is not None:
        check_opening(tokenizer, messages[: answered + 1], place)
    whole = ids(messages, False)
    labels = [-100] * len(whole)
    for i, message in enumerate(messages):
        if message["role"] == "assistant":
            opening = ids(messages[:i], True)
            start = _shared(opening, whole)
            stop = _shared(ids(messages[: i + 1], False), whole)
            if start == len(opening):
                labels[start:stop] = whole[start:stop]
    if all(label == -100 for label in labels):
        raise DataError(
            f"Conversation {conversation.id}: the chat template writes a question otherwise once it is answered, so no "
            "answer can be told from its prompt. Give a template with which a conversation only grows."
        )
    return Tokenised(conversation.id, tuple(whole), tuple(labels))


@dataclass(frozen=True)
class Fitted:
    """Conversations within the length limit, and how many had to be cut or left out."""

    kept: tuple[Tokenised, ...]
    truncated: int = 0
    dropped: int = 0


def fit_length(rows: Sequence[Tokenised], limit: int, overlong: Overlong) -> Fitted:
    """Apply the length limit in tokens.

    Raises:
        ConversationFaults: conversations are longer and ``overlong`` is ``refuse``; names them.
        DataError: nothing is left.
    """
    longer = [row for row in rows if len(row.input_ids) > limit]
    if longer and overlong == "refuse":
        shown = [
            Fault(row.id, f"has {counted(len(row.input_ids), 'token')}; the limit is {limit}")
            for row in longer[:SHOWN_FAULTS]
        ]
        raise ConversationFaults(
            f"{len(longer)} of {counted(len(rows), 'conversation')} {'is' if len(longer) == 1 else 'are'} longer than "
            'max_seq_length. Raise it, or set overlong to "truncate" or "drop"',
            shown,
        )
    fitted = [shortened(row, limit, overlong) for row in rows]
    kept = [row for row in fitted if row is not None]
    dropped = len(rows) - len(kept)
    truncated = len(longer) - dropped
    if rows and not kept:
        raise DataError(f"{_all(len(rows))} longer than max_seq_length={limit}; raise it.")
    return Fitted(tuple(kept), truncated, dropped)


def _all(count: int) -> str:
    return "The only conversation is" if count == 1 else f"All {count:,} conversations are"


def shortened(row: Tokenised, limit: int, overlong: Overlong) -> Tokenised | None:
    """One conversation within the limit; None where it has to be left out."""
    if len(row.input_ids) <= limit:
        return row
    cut = Tokenised(row.id, row.input_ids[:limit], row.labels[:limit])
    # A question that alone fills the limit leaves nothing to learn.
    return None if overlong == "drop" or cut.answer_count == 0 else cut
