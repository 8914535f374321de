"""A question that has one right answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One question with its answer.

    Attributes:
        id: unique within an evaluation, e.g. ``copy/17``.
        skill: one of ``standin.skills.SKILLS``, or ``target`` for the new task.
        prompt: what the user says.
        answer: the one right answer.
    """

    id: str
    skill: str
    prompt: str
    answer: str
