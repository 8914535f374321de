"""The RWKV-7 language model; parameter names and shapes are those of the released checkpoints."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evenhand.errors import EvenhandError
from evenhand_systems.rwkv7 import elementwise, fused
from evenhand_systems.rwkv7.config import RWKV7Config
from evenhand_systems.rwkv7.initialise import initialise
from evenhand_systems.rwkv7.kernel import Backend, wkv7
from evenhand_systems.rwkv7.seeding import Seeding
from evenhand_systems.rwkv7.state import LayerState, RWKV7State


class ModelInputError(EvenhandError, ValueError):
    """Tokens, embeddings or a state that do not fit the model."""


class TimeMix(nn.Module):
    """The recurrent half of a block (`att.*` in checkpoints)."""

    def __init__(self, config: RWKV7Config, layer: int) -> None:
        super().__init__()
        self.heads, self.layer = config.heads, layer
        width, size = config.width, config.head_size
        decay_rank, rate_rank, value_rank, gate_rank = config.ranks

        def vector() -> nn.Parameter:
            return nn.Parameter(torch.empty(1, 1, width))

        self.x_r, self.x_w, self.x_k, self.x_v, self.x_a, self.x_g = (vector() for _ in range(6))
        self.w0, self.a0, self.k_k, self.k_a = (vector() for _ in range(4))
        self.w1, self.w2 = nn.Parameter(torch.empty(width, decay_rank)), nn.Parameter(torch.empty(decay_rank, width))
        self.a1, self.a2 = nn.Parameter(torch.empty(width, rate_rank)), nn.Parameter(torch.empty(rate_rank, width))
        self.g1, self.g2 = nn.Parameter(torch.empty(width, gate_rank)), nn.Parameter(torch.empty(gate_rank, width))
        if layer > 0:
            self.v0 = vector()
            self.v1, self.v2 = (
                nn.Parameter(torch.empty(width, value_rank)),
                nn.Parameter(torch.empty(value_rank, width)),
            )
        self.r_k = nn.Parameter(torch.empty(config.heads, size))
        self.receptance = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.ln_x = nn.GroupNorm(config.heads, width, eps=elementwise.GROUP_NORM_EPSILON)

    def forward(
        self,
        inputs: Tensor,
        before: Tensor,
        first_value: Tensor | None,
        initial_state: Tensor | None,
        pull: Tensor | None,
        backend: Backend = "auto",
    ) -> tuple[Tensor, Tensor, Tensor]:
        """inputs (B, T, C), before (B, C) -> output (B, T, C), the first layer's value (B, T, H, N), terminal state."""
        if fused.fits(self, inputs, backend):
            return fused.time_mix(self, inputs, before, first_value, initial_state, pull)
        mixes = (self.x_r, self.x_w, self.x_k, self.x_v, self.x_a, self.x_g)
        for_r, for_w, for_k, for_v, for_a, for_g = elementwise.shift_mix(inputs, before, mixes)
        receptance = self.receptance(for_r)
        prepared = elementwise.prepare(
            self.key(for_k),
            self.value(for_v),
            torch.tanh(for_w @ self.w1) @ self.w2,
            for_a @ self.a1 @ self.a2,
            for_v @ self.v1 @ self.v2 if self.layer > 0 else None,
            first_value,
            self.w0,
            self.a0,
            self.v0 if self.layer > 0 else None,
            self.k_k,
            self.k_a,
            self.heads,
        )
        receptance = receptance.view(prepared.key.shape)
        out, terminal = wkv7(
            receptance,
            prepared.log_decay,
            prepared.key,
            prepared.value,
            prepared.removal,
            prepared.rewrite,
            initial_state,
            pull,
            backend,
        )
        gate = torch.sigmoid(for_g @ self.g1) @ self.g2
        mixed = elementwise.finish(
            out, receptance, prepared.key, prepared.value, gate, self.r_k, self.ln_x.weight, self.ln_x.bias
        )
        return self.output(mixed), prepared.value if first_value is None else first_value, terminal


class ChannelMix(nn.Module):
    """The feed-forward half of a block (`ffn.*` in checkpoints)."""

    def __init__(self, config: RWKV7Config) -> None:
        super().__init__()
        self.x_k = nn.Parameter(torch.empty(1, 1, config.width))
        self.key = nn.Linear(config.width, 4 * config.width, bias=False)
        self.value = nn.Linear(4 * config.width, config.width, bias=False)

    def forward(self, inputs: Tensor, before: Tensor, backend: Backend = "auto") -> Tensor:
        """inputs (B, T, C), before (B, C) -> (B, T, C)."""
        if fused.fits(self, inputs, backend):
            return fused.channel_mix(self, inputs, before)
        (mixed,) = elementwise.shift_mix(inputs, before, (self.x_k,))
        out: Tensor = self.value(elementwise.squared_relu(self.key(mixed)))
        return out


class Block(nn.Module):
    """One layer: time mix and channel mix, each behind a layer norm and added to its input."""

    def __init__(self, config: RWKV7Config, layer: int) -> None:
        super().__init__()
        if layer == 0:
            self.ln0 = nn.LayerNorm(config.width)
        self.ln1, self.ln2 = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.att, self.ffn = TimeMix(config, layer), ChannelMix(config)


class RWKV7(nn.Module):
    """An RWKV-7 language model.

    The released checkpoint format is this module's `state_dict`.

    Args:
        config: the sizes.
        generator: where starting values are drawn from; None draws from torch's global generator.
        backend: the recurrence's kernel, for all layers.
        empty: leave the weights on the `meta` device, to be assigned from a checkpoint.
    """

    def __init__(
        self,
        config: RWKV7Config,
        *,
        generator: torch.Generator | None = None,
        backend: Backend = "auto",
        empty: bool = False,
    ) -> None:
        super().__init__()
        self.config, self.backend = config, backend
        # Built on the meta device only where that is wanted: its first use imports a compiler for seconds. Otherwise
        # torch draws starting values in vain, without moving its global generator.
        with torch.device("meta") if empty else torch.random.fork_rng(devices=[]):
            self.emb = nn.Embedding(config.vocabulary, config.width)
            self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.layers))
            self.ln_out = nn.LayerNorm(config.width)
            self.head = nn.Linear(config.width, config.vocabulary, bias=False)
        if not empty:
            initialise(self, config, generator)

    def initial_state(self, batch: int) -> RWKV7State:
        """The zero state that a sequence starts from."""
        config, like = self.config, self.emb.weight
        wide = torch.float64 if like.dtype == torch.float64 else torch.float32
        wkv = like.new_zeros(batch, config.heads, config.head_size, config.head_size, dtype=wide)
        shift = like.new_zeros(batch, config.width)
        return RWKV7State(tuple(LayerState(wkv, shift, shift) for _ in range(config.layers)))

    def forward(
        self, inputs: Tensor, state: RWKV7State | None = None, seeding: Seeding | None = None
    ) -> tuple[Tensor, RWKV7State]:
        """Logits of every position and the state after the last.

        Args:
            inputs: token ids (B, T), or embeddings (B, T, C) in their place (as `emb` would give them).
            state: where the sequences stand; None is their beginning. Two passes over the parts of a text, the second
                from the first's state, equal one pass over the whole.
            seeding: Future-Seed, or None for a plain pass. Seeds are added to the WKV states of `state`.

        Returns:
            Logits (B, T, vocabulary) and the state.

        Raises:
            ModelInputError: an empty sequence, a state of another batch size, embeddings of another width.
        """
        hidden, state = self.hidden(inputs, state, seeding)
        return self.head(hidden), state

    def last_logits(
        self, inputs: Tensor, state: RWKV7State | None = None, seeding: Seeding | None = None
    ) -> tuple[Tensor, RWKV7State]:
        """As `forward`, but the logits (B, vocabulary) of the last position alone."""
        hidden, state = self.hidden(inputs, state, seeding)
        return self.head(hidden[:, -1]), state

    def hidden(
        self, inputs: Tensor, state: RWKV7State | None = None, seeding: Seeding | None = None
    ) -> tuple[Tensor, RWKV7State]:
        """As `forward`, but the normalised hidden vectors (B, T, C) that the head would read, instead of logits."""
        embedded = inputs if inputs.is_floating_point() else self.emb(inputs)
        state = self._checked_state(embedded, state)
        x = self.blocks[0].ln0(embedded)  # type: ignore[operator]
        first_value: Tensor | None = None
        terminal: Tensor | None = None
        after: list[LayerState] = []
        for layer, (block, carried) in enumerate(zip(self.blocks, state.layers, strict=True)):
            assert isinstance(block, Block)
            normed = block.ln1(x)
            start, pull = carried.wkv, None
            if seeding is not None and terminal is not None:
                start, pull = seeding(layer, terminal, start, normed[:, -1])
            mixed, first_value, terminal = block.att(normed, carried.time_shift, first_value, start, pull, self.backend)
            x = x + mixed
            normed_again = block.ln2(x)
            x = x + block.ffn(normed_again, carried.channel_shift, self.backend)
            assert terminal is not None
            after.append(LayerState(terminal, normed[:, -1], normed_again[:, -1]))
        return self.ln_out(x), RWKV7State(tuple(after))

    def _checked_state(self, embedded: Tensor, state: RWKV7State | None) -> RWKV7State:
        if embedded.ndim != 3 or embedded.shape[1] == 0 or embedded.shape[2] != self.config.width:
            raise ModelInputError(
                f"inputs must be token ids (batch, steps >= 1) or embeddings (batch, steps >= 1, {self.config.width}), "
                f"found {tuple(embedded.shape)} after embedding"
            )
        if state is None:
            return self.initial_state(embedded.shape[0])
        if state.batch != embedded.shape[0] or len(state.layers) != self.config.layers:
            raise ModelInputError(
                f"the state is of {state.batch} sequences and {len(state.layers)} layers, "
                f"the inputs of {embedded.shape[0]} and the model of {self.config.layers}"
            )
        return state
