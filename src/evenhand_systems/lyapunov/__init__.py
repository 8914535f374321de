"""Learned Lyapunov functions for the Collatz map: train, measure, certify.

What is certified are densities of classes on which one step falls. Nothing here bears on the conjecture itself.
The parts are usable as a library, each imported on first use::

    from evenhand_systems.lyapunov import closed_form, evaluate, generate
"""

from __future__ import annotations

from evenhand_systems.lazy import front_door

__getattr__, __dir__, __all__ = front_door(
    __name__,
    {
        "CertificateError": "certificates.checker",
        "EvaluationSet": "numbers.evaluation_set",
        "Potential": "potentials.potential",
        "certify": "certificates.certifier",
        "check": "certificates.checker",
        "closed_form": "closed_forms",
        "closed_form_coverage": "exact",
        "evaluate": "measures",
        "evaluate_trajectories": "measures",
        "generate": "numbers.evaluation_set",
        "learn_gradually": "potentials.gradual",
        "listed_steps": "numbers.trajectories",
        "load_potential": "potentials.potential",
        "open_model": "models",
        "violation_lower_bound": "exact",
    },
)
