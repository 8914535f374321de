"""Executing code that a model wrote, where it can do no harm."""

from __future__ import annotations

from evenhand_systems.future_seed.sandbox.run import Limits, SandboxUnavailable, Verdict, run_tests, why_unavailable

__all__ = ["Limits", "SandboxUnavailable", "Verdict", "run_tests", "why_unavailable"]
