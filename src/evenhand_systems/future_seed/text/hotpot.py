"""HotpotQA with its distractors: paragraphs and a question to a short answer; and the same for retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenhand.data.records import Record
from evenhand.errors import DataError
from evenhand_systems.future_seed.text.examples import Example
from evenhand_systems.future_seed.text.prompts import Wording

WORDING = Wording(context="Context:\n", question="Question: ", answer="Answer:")


@dataclass(frozen=True)
class Article:
    """One paragraph: its title, its sentences, and whether the answer rests on it."""

    title: str
    sentences: tuple[str, ...]
    supporting: bool

    @property
    def text(self) -> str:
        """Title and sentences in one line."""
        return f"{self.title}: {''.join(self.sentences).strip()}"


FAULTS = (KeyError, ValueError, TypeError, IndexError, AttributeError)
"""What :func:`paragraphs` raises for a record of another form."""


def paragraphs(record: Record) -> list[Article]:
    """The paragraphs of a record, in the official form (pairs) or the hub's (columns).

    Raises:
        KeyError, ValueError, TypeError, IndexError, AttributeError: the record has another form.
    """
    context, facts = record["context"], record.get("supporting_facts", ())
    pairs = zip(context["title"], context["sentences"], strict=True) if isinstance(context, dict) else context
    named = set(facts["title"]) if isinstance(facts, dict) else {fact[0] for fact in facts}
    articles = [Article(title, tuple(sentences), title in named) for title, sentences in pairs]
    if not all(isinstance(text, str) for article in articles for text in (article.title, *article.sentences)):
        raise TypeError("expected texts as titles and sentences")
    return articles


def hotpot_examples(records: Sequence[Record], source: str) -> list[Example]:
    """Examples from records with ``question``, ``answer`` and ``context``.

    Raises:
        DataError: records that lack a field; all are counted.
    """
    examples, faults = [], []
    for number, record in enumerate(records, start=1):
        try:
            text = "\n".join(article.text for article in paragraphs(record))
            name = str(record.get("_id", record.get("id", number)))
            if not isinstance(record["question"], str) or not isinstance(record["answer"], str):
                raise TypeError("expected texts as question and answer")
            examples.append(Example(name, text, str(record["question"]), f" {record['answer']}"))
        except FAULTS as error:
            faults.append(f"record {number}: {type(error).__name__} {error}")
    if faults:
        raise DataError(f"{source}: {len(faults)} of {len(records)} records are no HotpotQA: {'; '.join(faults[:5])}.")
    return examples
