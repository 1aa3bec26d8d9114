"""JAX: `jit` of `value_and_grad`, and training as one compiled loop; examples are rows."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax.example_libraries.optimizers import adam

from fastshallow.formulas.parameters import Parameters
from fastshallow.measuring import Arguments
from fastshallow.measuring.with_jax import arrays, as_parameters, make_cost

from .implementations import Task, Training


def train(arguments: Arguments, learning_rate: float, threads: int) -> Training:
    """The whole of gradient descent in one compiled call."""
    X, Y, start = arrays(arguments)
    cost = make_cost("tanh", "sigmoid")

    @jax.jit
    def descend(p: Any, X: Any, Y: Any, epochs: int) -> Any:
        def update(_: int, p: Any) -> Any:
            gradients = jax.grad(cost)(p, X, Y)
            return jax.tree.map(lambda w, dw: w - learning_rate * dw, p, gradients)

        return jax.lax.fori_loop(0, epochs, update, p)

    return lambda epochs: as_parameters(jax.block_until_ready(descend(start, X, Y, epochs)))


def batches(task: Task, threads: int) -> Training:
    """Train with Adam, an epoch in one compiled call: a scan over batches, then what is left of the examples.

    The order comes from NumPy: `jax.random.permutation` sorts, which takes longer than the rest of an epoch.
    """
    X, Y, start = arrays(task.arguments)
    cost = make_cost("tanh", task.output)
    full = len(X) // task.batch_size * task.batch_size
    begin, update, parameters = adam(task.learning_rate)

    @jax.jit
    def epoch(state: Any, order: Any, X: Any, Y: Any) -> Any:
        def step(state: Any, rows: Any) -> Any:
            done, p = state
            return (done + 1, update(done, jax.grad(cost)(parameters(p), X[rows], Y[rows]), p)), None

        state, _ = jax.lax.scan(step, state, order[:full].reshape(-1, task.batch_size))
        return step(state, order[full:])[0] if full < len(X) else state

    def run(epochs: int) -> Parameters:
        random = np.random.default_rng(1)
        state = 0, begin(start)
        for _ in range(epochs):
            state = epoch(state, random.permutation(len(X)), X, Y)
        return as_parameters(parameters(jax.block_until_ready(state)[1]))

    return run
