"""A step by PyTorch: eager and compiled, gradients by autograd; examples are rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, linear, mse_loss

from ..formulas import Parameters
from .cases import Answer, Arguments, Case
from .implementations import Step

HIDDEN: dict[str, Callable[..., Any]] = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "softplus": torch.nn.functional.softplus,
}


def half_squares(scores: Any, Y: Any) -> Any:
    """Half the squared error, summed over the outputs."""
    return 0.5 * Y.shape[1] * mse_loss(scores, Y)


def entropies(scores: Any, Y: Any) -> Any:
    """Binary cross-entropy, summed over the outputs."""
    return Y.shape[1] * binary_cross_entropy_with_logits(scores, Y)


LOSSES: dict[str, Callable[..., Any]] = {"sigmoid": entropies, "softmax": cross_entropy, "identity": half_squares}


def make_cost(hidden: str, output: str) -> Callable[..., Any]:
    """The cost of X (m, n_x), Y (m, n_y), or labels (m,) for softmax, and parameters."""
    g, loss = HIDDEN[hidden], LOSSES[output]

    def cost(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        return loss(linear(g(linear(X, W1, b1)), W2, b2), Y)

    return cost


def step(case: Case, arguments: Arguments, threads: int, compiled: bool = False) -> Step:
    """Cost and gradients, by autograd."""
    torch.set_num_threads(threads)
    X, Y, *parameters = tensors(arguments)
    cost = make_cost(case.hidden, case.output)
    if case.output == "softmax":
        Y = Y.argmax(dim=1)
    if compiled:
        torch.compiler.reset()  # else the second shape is compiled for sizes that vary, which is slower
        cost = torch.compile(cost)

    def call() -> Any:
        J = cost(X, Y, *parameters)
        return J, torch.autograd.grad(J, parameters)

    return Step(call, as_answer)


def compiled_step(case: Case, arguments: Arguments, threads: int) -> Step:
    """The same function after `torch.compile`."""
    return step(case, arguments, threads, compiled=True)


def tensors(arguments: Arguments) -> list[Any]:
    """X (m, n_x), Y (m, n_y), W1 (n_h, n_x), b1 (n_h,), W2 (n_y, n_h), b2 (n_y,)."""
    X, Y, (W1, b1, W2, b2) = arguments
    data = [torch.from_numpy(array.T.copy()) for array in (X, Y)]
    return data + [torch.from_numpy(array.copy()).requires_grad_() for array in (W1, b1[:, 0], W2, b2[:, 0])]


def as_parameters(found: Any) -> Parameters:
    """Parameters of tensors."""
    W1, b1, W2, b2 = (tensor.detach().numpy() for tensor in found)
    return Parameters(W1, b1[:, None], W2, b2[:, None])


def as_answer(found: Any) -> Answer:
    """A cost and its gradients."""
    J, gradients = found
    return J.item(), as_parameters(gradients)
