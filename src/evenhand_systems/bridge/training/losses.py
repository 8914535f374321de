"""The losses that train a bridge. Each is weighted once, and each must reach the translator.

What a loss needs stands in :class:`Step`; :data:`LOSSES` maps the names of :class:`LossWeights` to functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional

from evenhand.errors import EvenhandError
from evenhand_systems.bridge.models.language_model import LanguageModel, ModelError
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.translation.prompts import Prompts, Slots, slots
from evenhand_systems.bridge.translation.soft_prompt import Inputs, SoftPrompt
from evenhand_systems.bridge.translators import Translator


class DeadLossError(EvenhandError):
    """A loss with a weight that cannot teach the translator anything: its gradient is zero, absent or not finite."""


@dataclass
class Step:
    """One training step, as the losses see it.

    Attributes:
        translator, soft_prompt, heads, prompts: the parts.
        items: of the batch.
        states, state_mask: (B, S, C_source) and (B, S).
        soft: (B, K, C) soft tokens.
        inputs: what the target read.
        logits: (N, V), what it said at ``places`` (B, T), row by row; nothing else of what it said is computed.
        teacher: ``prompt`` or ``answer``.
        kl_tokens: how many of the answer's first tokens the KL looks at.
        generator: randomness of the flow.
    """

    translator: Translator
    soft_prompt: SoftPrompt
    heads: Heads
    prompts: Prompts
    items: Sequence[Item]
    states: Tensor
    state_mask: Tensor
    soft: Tensor
    inputs: Inputs
    places: Tensor
    logits: Tensor
    teacher: str
    kl_tokens: int
    generator: torch.Generator

    @cached_property
    def taught(self) -> Slots:
        """The teacher text in K slots."""
        return self._slots(self.teacher)

    @cached_property
    def facts(self) -> Slots:
        """The facts in K slots."""
        return self.taught if self.teacher == "prompt" else self._slots("prompt")

    def _slots(self, teacher: str) -> Slots:
        rows = [self.prompts.teacher(item, teacher) for item in self.items]
        return slots(rows, self.soft.shape[1], self.soft.device)

    def said(self, places: Tensor) -> Tensor:
        """Logits (N, V) at some of the places."""
        return self.logits[places[self.places]]

    @cached_property
    def answer_losses(self) -> Tensor:
        """Loss (N,) of predicting each token of the solutions, one solution after the other."""
        wanted = self.inputs.answer_places
        return functional.cross_entropy(self.said(wanted), self.inputs.labels[:, 1:][wanted[:, :-1]], reduction="none")

    @property
    def rms(self) -> float:
        """The target's embedding rms, the unit of distances."""
        return self.translator.config.target_rms


class Heads(nn.Module):
    """Small readers that exist for the losses alone and are thrown away after training."""

    def __init__(self, source_width: int, target_width: int) -> None:
        super().__init__()
        self.contrast = nn.Linear(target_width, target_width)
        self.probe = nn.Linear(target_width, source_width)


def answer(step: Step) -> Tensor:
    """Mean negative log likelihood of the solution's tokens."""
    return step.answer_losses.mean()


def form(step: Step) -> Tensor:
    """The same for the tokens that make the answer's form: the mark before the number, and the end."""
    losses = step.answer_losses
    marked = torch.tensor(
        [mark for item in step.items for mark in step.prompts.encoded(item).marked], device=losses.device
    )
    return losses[marked].mean()


def kl(step: Step) -> Tensor:
    """KL(target given the text || target given soft tokens) on the first tokens of the solution.

    The teacher is the same target with the whole question in the same format, without soft tokens.
    """
    items, prompts = step.items, step.prompts
    answers = prompts.answers(items)
    with torch.no_grad():
        text = step.soft_prompt.assemble(
            prompts.before(items), None, prompts.after(items, with_text=True), answers=answers, read_before=True
        )
        told = step.soft_prompt(text, _first(text.answer_places, step.kl_tokens))
    own = step.said(_first(step.inputs.answer_places, step.kl_tokens))
    return functional.kl_div(own.log_softmax(-1), told.log_softmax(-1), log_target=True, reduction="batchmean")


def prompt_alignment(step: Step) -> Tensor:
    """Mean squared distance between soft tokens and the facts' embeddings, in units of the embedding rms."""
    distance = ((step.soft - step.facts.embeddings(step.soft_prompt.target)) / step.rms).square().mean(-1)
    return step.facts.mean(distance)


def flow(step: Step) -> Tensor:
    """Flow matching towards the teacher's embeddings; only translators that flow have it."""
    data = step.taught.embeddings(step.soft_prompt.target) / step.rms
    loss = step.translator.flow_loss(step.states, step.state_mask, data, step.taught.mask, step.generator)
    if loss is None:
        raise DeadLossError(f'The flow loss needs bridge = "dit"; {step.translator.config.kind} has no flow.')
    return loss


def token_alignment(step: Step) -> Tensor:
    """Cross-entropy of the teacher's tokens under a softmax over cosines with the target's vocabulary."""
    table = functional.normalize(step.soft_prompt.target.embedding_table.detach().float(), dim=-1)
    cosines = functional.normalize(step.soft, dim=-1) @ table.T
    return step.taught.mean(step.taught.expected((cosines / 0.1).log_softmax(-1)))


def naming(step: Step) -> Tensor:
    """Cross-entropy of the teacher's tokens under the weights that a vocabulary translator gives the target's words."""
    named = step.translator.named(step.states, step.state_mask)
    if named is None:
        raise DeadLossError('The loss "naming" needs a translator that names words: bridge = "vocabulary".')
    return step.taught.mean(step.taught.expected(named))


def contrastive(step: Step) -> Tensor:
    """InfoNCE in the batch (van den Oord et al. 2018, eq. 4): soft tokens against each item's own teacher text.

    The mean over the batch is taken off the texts: what all of them share must not make them alike.
    """
    table = step.taught.embeddings(step.soft_prompt.target)
    texts = (table * step.taught.mask.unsqueeze(-1)).sum(1) / step.taught.mask.sum(1, keepdim=True)
    texts = functional.normalize(texts - texts.mean(0), dim=-1)
    read = functional.normalize(step.heads.contrast(step.soft.mean(1) / step.rms), dim=-1)
    places = torch.arange(len(texts), device=texts.device)
    return functional.cross_entropy(read @ texts.T / 0.1, places)


def probe(step: Step) -> Tensor:
    """Squared error of the source's normalised mean state, read linearly off the mean soft token."""
    weights = step.state_mask.float().unsqueeze(-1)
    mean = (step.states.float() * weights).sum(1) / weights.sum(1)
    goal = functional.layer_norm(mean, mean.shape[-1:])
    return functional.mse_loss(step.heads.probe(step.soft.mean(1) / step.rms), goal)


def positional(step: Step) -> Tensor:
    """Difference between the Gram matrices of rotated soft tokens and rotated teacher embeddings.

    Both are rotated by the target's own rotary angles (Su et al. 2021, eq. 15), head by head, so that the soft tokens
    are taught where they stand as well as what they say.
    """
    rates, scaling, width = _rotary(step.soft_prompt.target)
    goal = step.taught.embeddings(step.soft_prompt.target)
    grams = [scaling**2 * _rotary_gram(tokens / step.rms, width, rates) for tokens in (step.soft, goal)]
    both = step.taught.mask[:, :, None] * step.taught.mask[:, None, :]
    return ((grams[0] - grams[1]).square().mean(1) * both).sum() / both.sum().clamp(min=1)


def decode(step: Step) -> Tensor:
    """The target reads the soft tokens as text: at each of them it is to predict the teacher's next token."""
    if step.soft_prompt.injection != "prepend":
        raise DeadLossError('Decode supervision needs injection = "prepend": adapters put no token into the text.')
    places, count = step.inputs.soft_places, step.soft.shape[1]
    own = step.said(places).view(len(step.items), count, -1)[:, :-1].log_softmax(-1)
    later = Slots(step.taught.ids, step.taught.shares[:, 1:], step.taught.mask[:, 1:])
    return later.mean(later.expected(own))


LOSSES: Mapping[str, Callable[[Step], Tensor]] = {
    "answer": answer,
    "kl": kl,
    "prompt_alignment": prompt_alignment,
    "flow": flow,
    "token_alignment": token_alignment,
    "naming": naming,
    "contrastive": contrastive,
    "format": form,
    "probe": probe,
    "positional": positional,
    "decode": decode,
}


def check_gradients(
    losses: Mapping[str, Tensor], parameters: Sequence[nn.Parameter], translator: Sequence[nn.Parameter] | None = None
) -> dict[str, float]:
    """Gradient norm of each loss on its own; run at the first step.

    Args:
        losses: name to unweighted value, with the graph still there.
        parameters: of the translator and its adapters; heads that serve a loss do not count.
        translator: those of ``parameters`` that are the translator's; all by default. A loss has to be connected with
            one of them, though its gradient there may still be zero behind an adapter's gate, which starts closed.

    Raises:
        DeadLossError: a loss has no graph, its gradient is zero or not finite, or its graph misses the translator.
    """
    norms: dict[str, float] = {}
    own = {id(value) for value in (parameters if translator is None else translator)}
    for name, value in losses.items():
        if not value.requires_grad:
            raise DeadLossError(f"The loss '{name}' has a weight but no gradient at all: it was cut off the graph.")
        found = torch.autograd.grad(value, list(parameters), retain_graph=True, allow_unused=True)
        squares = [part.float().square().sum() for part in found if part is not None]
        norms[name] = float(torch.stack(squares).sum().sqrt()) if squares else 0.0
        if not 0.0 < norms[name] < float("inf"):
            raise DeadLossError(
                f"The loss '{name}' has a weight but its gradient on the translator is {norms[name]} at the first "
                "step: it would teach nothing. Set its weight to 0 or mend its path."
            )
        if all(part is None for part, held in zip(found, parameters, strict=True) if id(held) in own):
            raise DeadLossError(
                f"The loss '{name}' has a weight but does not depend on the translator: only the adapters would learn "
                "from it. The soft tokens were cut off the graph."
            )
    return norms


def places_of(inputs: Inputs, losses: Iterable[str]) -> Tensor:
    """(B, T), True where these losses look at what the target says."""
    names, answers = set(losses), inputs.answer_places
    places = answers if names & {"answer", "format", "kl"} else torch.zeros_like(answers)
    return places | inputs.soft_places if "decode" in names else places


def _first(places: Tensor, count: int) -> Tensor:
    """The first ``count`` places of every row."""
    return places & (places.cumsum(-1) <= count)


def _rotary(target: LanguageModel) -> tuple[Tensor, float, int]:
    """The target's own rotary rates (D / 2,), its scaling of sines and cosines, and its head width D.

    Raises:
        ModelError: the model shows no rotary rates for whole heads.
    """
    config, rotary = target.model.config, getattr(target.model.get_decoder(), "rotary_emb", None)
    rates = getattr(rotary, "inv_freq", None)
    width = int(getattr(config, "head_dim", None) or target.width // int(config.num_attention_heads))
    if not isinstance(rates, Tensor) or 2 * len(rates) != width:
        found = f"for {2 * len(rates)} of {width} places of a head" if isinstance(rates, Tensor) else "nowhere"
        raise ModelError(
            f"The positional loss rotates by the target's own rotary rates; {target.name} shows them {found}. Set "
            "training.losses.positional to 0."
        )
    return rates.detach().float(), float(getattr(rotary, "attention_scaling", 1.0)), width


def _rotary_gram(tokens: Tensor, width: int, rates: Tensor) -> Tensor:
    """(B, heads, K, K) products of tokens (B, K, C) rotated by their places, divided by the head width."""
    batch, count, total = tokens.shape
    split = tokens[..., : total // width * width].view(batch, count, -1, width).transpose(1, 2)
    angles = torch.arange(count, device=tokens.device).float()[:, None] * rates.to(tokens.device)
    first, second = split[..., : width // 2], split[..., width // 2 : width // 2 * 2]
    turned = torch.cat(
        [first * angles.cos() - second * angles.sin(), second * angles.cos() + first * angles.sin()], dim=-1
    )
    return turned @ turned.transpose(-1, -2) / width
