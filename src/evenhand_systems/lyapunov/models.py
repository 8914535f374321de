"""Any V by name or file: closed forms, saved potentials, network checkpoints."""

from __future__ import annotations

from pathlib import Path

from evenhand.errors import DataError
from evenhand_systems.lyapunov.closed_forms import closed_form
from evenhand_systems.lyapunov.measures import Candidate
from evenhand_systems.lyapunov.potentials.potential import load_potential

CLOSED_FORMS = ("log-n", "trailing-ones", "window-sum", "window-minimum")


def open_model(reference: str, *, lookahead: int | None = None) -> Candidate:
    """The model that ``reference`` names: a closed form (needs a lookahead) or a file.

    A potential whose window is shorter than ``lookahead`` gets a head that fills it up.

    Raises:
        DataError: no such form or file, or a model of another lookahead.
    """
    if lookahead is not None and lookahead < 1:
        raise DataError(f"The lookahead must be at least 1; found {lookahead}.")
    if reference in CLOSED_FORMS:
        return closed_form(reference, 10 if lookahead is None else lookahead)
    path = Path(reference)
    if not path.exists():
        raise DataError(f"There is no model '{reference}': give a file or one of {', '.join(CLOSED_FORMS)}.")
    if path.name.endswith(".json.gz"):
        model = load_potential(path)
        if lookahead is None or lookahead == model.lookahead:
            return model
        if lookahead < model.tree.lookahead:
            raise DataError(f"{path} reads a window of {model.tree.lookahead}; it cannot have lookahead {lookahead}.")
        return model.with_head(lookahead - model.tree.lookahead)
    from evenhand_systems.lyapunov.networks.network import load_checkpoint

    return load_checkpoint(path, lookahead=lookahead)


def seeds_of(model: Candidate) -> tuple[int, ...] | None:
    """Where the trajectories begin that the model was trained on: none for closed forms and potentials; None: unknown.

    Potentials are trained on the law of the valuations, networks on the seeds that their checkpoint names.
    """
    found: tuple[int, ...] | None = getattr(model, "seeds", ())
    return found
