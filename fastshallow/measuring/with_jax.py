"""A step by JAX: `jit` of `value_and_grad`; examples are rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..formulas import Parameters
from .cases import Answer, Arguments, Case
from .implementations import Step

HIDDEN: dict[str, Callable[..., Any]] = {
    "identity": lambda z: z,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "softplus": jax.nn.softplus,
}
LOSSES: dict[str, Callable[..., Any]] = {  # of scores (m, n_y) and Y, an example a row
    "sigmoid": lambda Z2, Y: jax.nn.softplus(Z2) - Y * Z2,
    "softmax": lambda Z2, Y: -Y * jax.nn.log_softmax(Z2),
    "identity": lambda Z2, Y: 0.5 * (Z2 - Y) ** 2,
}


def make_cost(hidden: str, output: str) -> Callable[..., Any]:
    """The cost of parameters, X (m, n_x) and Y (m, n_y)."""
    g, loss = HIDDEN[hidden], LOSSES[output]

    def cost(p: Any, X: Any, Y: Any) -> Any:
        W1, b1, W2, b2 = p
        return jnp.mean(jnp.sum(loss(g(X @ W1 + b1) @ W2 + b2, Y), axis=1))

    return cost


def step(case: Case, arguments: Arguments, threads: int) -> Step:
    """Cost and gradients, by `value_and_grad`."""
    compiled = jax.jit(jax.value_and_grad(make_cost(case.hidden, case.output)))
    X, Y, p = arrays(arguments)
    return Step(lambda: jax.block_until_ready(compiled(p, X, Y)), as_answer)


def arrays(arguments: Arguments) -> tuple[Any, Any, Any]:
    """X (m, n_x), Y (m, n_y) and W1 (n_x, n_h), b1 (n_h,), W2 (n_h, n_y), b2 (n_y,)."""
    X, Y, (W1, b1, W2, b2) = arguments
    p = [jnp.array(array) for array in (W1.T, b1[:, 0], W2.T, b2[:, 0])]
    return jnp.array(X.T), jnp.array(Y.T), p


def as_parameters(found: Any) -> Parameters:
    """Parameters of JAX's arrays."""
    W1, b1, W2, b2 = map(np.asarray, found)
    return Parameters(W1.T, b1[:, None], W2.T, b2[:, None])


def as_answer(found: Any) -> Answer:
    """A cost and its gradients."""
    J, gradients = found
    return float(J), as_parameters(gradients)
