"""A translator that is saved over another: on a full disk the other stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand_systems.bridge.translators import TranslatorConfig
from evenhand_systems.bridge.translators.storage import build_translator, load_translator, save_translator
from tests.full_disk import largest_file


def test_the_translator_that_was_there_stays_whole(tmp_path: Path) -> None:
    config = TranslatorConfig(kind="linear", source_width=16, target_width=12, target_rms=1.0, soft_tokens=2)
    save_translator(build_translator(config, 0), tmp_path, {"which": "first"})
    with largest_file(100), pytest.raises(Exception, match=r"(?i)large|I/O|write"):
        save_translator(build_translator(config, 1), tmp_path, {"which": "second"})
    assert load_translator(tmp_path)[1]["which"] == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["translator.json", "translator.safetensors"]
