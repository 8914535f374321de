"""Networks as V: the reference network, its smaller relatives, a linear V for ablations; checkpoints.

V(n) = softplus(f(features of n)), f a multilayer perceptron with LeakyReLU(0.1). Softplus rises strictly, so V(T(n)) <
V(n) exactly if f(T(n)) < f(n): decisions compare f, where large values do not round together.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evenhand.data.reading import check_file
from evenhand.errors import DataError
from evenhand.files import replacing
from evenhand_systems.lyapunov.measures import Decision
from evenhand_systems.lyapunov.numbers.features import GROUPS, FeatureSpec, feature_pairs
from evenhand_systems.lyapunov.numbers.limbs import Limbs
from evenhand_systems.lyapunov.numbers.valuations import Orbits

FORMAT = "evenhand-lyapunov-network-1"


class LyapunovNetwork(nn.Module):
    """f and the learned drift coefficient of the adaptive target.

    Shapes: (N, width of the features) to (N,). Standardisation by fixed constants: raw residues and drift are small,
    valuations are divided by 10.
    """

    def __init__(self, spec: FeatureSpec, layers: tuple[int, ...], *, seed: int = 0) -> None:
        super().__init__()
        self.spec = spec
        self.layers = layers
        generator = torch.Generator().manual_seed(seed)
        widths = (spec.width, *layers, 1)
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        for linear in self.layers_of_weights:
            nn.init.kaiming_normal_(linear.weight, a=0.1, nonlinearity="leaky_relu", generator=generator)
            nn.init.zeros_(linear.bias)
        self.drift_coefficient = nn.Parameter(torch.tensor(0.35))

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(p.numel() for p in self.parameters())

    @property
    def layers_of_weights(self) -> list[nn.Linear]:
        """The linear layers, from the features to f."""
        return [linear for linear in self.linears if isinstance(linear, nn.Linear)]

    def pre_activation(self, inputs: Tensor) -> Tensor:
        """f: (N, width) to (N,)."""
        hidden = inputs
        for linear in self.linears[:-1]:
            hidden = nn.functional.leaky_relu(linear(hidden), 0.1)
        out: Tensor = self.linears[-1](hidden)
        return out.squeeze(-1)

    def forward(self, inputs: Tensor) -> Tensor:
        """V = softplus(f)."""
        return nn.functional.softplus(self.pre_activation(inputs))


@dataclass(frozen=True)
class NetworkModel:
    """A trained network as a candidate V (see metrics.Candidate).

    Attributes:
        seeds: where the trajectories begin that it was trained on; None where nobody knows.
    """

    network: LyapunovNetwork
    name: str = "network"
    seeds: tuple[int, ...] | None = None

    @property
    def lookahead(self) -> int:
        """L: how many valuations V reads."""
        return self.network.spec.lookahead

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.network.size

    def decide(self, orbits: Orbits) -> Decision:
        """Whether V falls, in the precision of the network."""
        return self.decide_limbs(orbits.limbs)

    def decide_limbs(self, limbs: Limbs, *, threads: int = 1, chunk: int = 8192) -> Decision:
        """Margins are those of f (pre-activations)."""
        margins: list[NDArray[np.float64]] = []
        columns = self.network.spec.columns
        with torch.inference_mode():
            for start in range(0, len(limbs), chunk):
                here, there = feature_pairs(limbs[start : start + chunk], self.lookahead, threads=threads)
                both = torch.from_numpy(np.concatenate([here, there])[:, columns])
                values = self.network.pre_activation(both.to(next(self.network.parameters()).device)).double().cpu()
                margins.append((values[: len(here)] - values[len(here) :]).numpy())
        joined = np.concatenate(margins)
        return Decision(joined > 0, joined)


def save_checkpoint(network: LyapunovNetwork, path: Path, *, training: dict[str, object] | None = None) -> None:
    """Write weights with the lookahead, feature groups and layers they were made for."""
    meta = {"format": FORMAT, "spec": asdict(network.spec), "layers": list(network.layers), "training": training or {}}
    with replacing(path) as part:
        torch.save({"meta": json.dumps(meta, sort_keys=True), "weights": network.state_dict()}, part)


def load_checkpoint(path: Path, *, lookahead: int | None = None) -> NetworkModel:
    """Read a checkpoint, with the training seeds where it names them.

    Raises:
        DataError: it cannot be read, is something else, holds numbers that are none, or was made for another lookahead
            than asked.
    """
    check_file(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        meta = json.loads(state["meta"])
        if meta["format"] != FORMAT:
            raise DataError(f"{path}: expected {FORMAT}; found {meta['format']}.")
        groups = tuple(meta["spec"]["groups"])
        spec = FeatureSpec(meta["spec"]["lookahead"], groups if set(groups) <= set(GROUPS) else GROUPS)
        weights, layers = state["weights"], tuple(meta["layers"])
        # before a network of these sizes is made: they could ask for any amount of memory
        if sum(weight.numel() for weight in weights.values()) != _parameters(spec.width, layers):
            raise DataError(f"{path}: its weights are not those of hidden layers {str(list(layers))[:100]}.")
        if not all(bool(weight.isfinite().all()) for weight in weights.values()):
            raise DataError(f"{path}: weights are not finite; the training had diverged, or the file is damaged.")
        network = LyapunovNetwork(spec, layers)
        network.load_state_dict(weights)
        seeds = meta["training"].get("seeds")
        model = NetworkModel(network, path.stem, None if seeds is None else tuple(int(seed) for seed in seeds))
    except DataError:
        raise
    except Exception as error:  # torch raises many kinds for a damaged file
        raise DataError(f"{path} is not a checkpoint of a Lyapunov network: {error}.") from error
    if lookahead is not None and spec.lookahead != lookahead:
        raise DataError(f"{path} was trained with lookahead {spec.lookahead}; asked for {lookahead}.")
    return model


def _parameters(width: int, layers: tuple[int, ...]) -> int:
    """The number of parameters of a network: weights and biases of each layer, and the drift coefficient."""
    return 1 + sum((a + 1) * b for a, b in pairwise((width, *layers, 1)))


def fingerprint(network: LyapunovNetwork) -> str:
    """sha256 of the weights."""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()
