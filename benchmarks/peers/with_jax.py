"""JAX: `jit` of `value_and_grad`, and training as one compiled loop; examples are rows."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.example_libraries.optimizers import adam

from fastshallow.formulas.parameters import Parameters
from fastshallow.measuring import Answer, Arguments, Case

from .implementations import Step, Task, Training


def scores(p: Any, X: Any) -> Any:
    W1, b1, W2, b2 = p
    return jnp.tanh(X @ W1 + b1) @ W2 + b2


def sigmoid_cost(p: Any, X: Any, Y: Any) -> Any:
    Z2 = scores(p, X)
    return jnp.mean(jnp.sum(jax.nn.softplus(Z2) - Y * Z2, axis=1))


def softmax_cost(p: Any, X: Any, Y: Any) -> Any:
    return -jnp.mean(jnp.sum(Y * jax.nn.log_softmax(scores(p, X)), axis=1))


def step(case: Case, arguments: Arguments, threads: int) -> Step:
    """Cost and gradients, by `value_and_grad`."""
    cost = softmax_cost if case.output == "softmax" else sigmoid_cost
    compiled = jax.jit(jax.value_and_grad(cost))
    X, Y, p = arrays(arguments)
    return Step(lambda: jax.block_until_ready(compiled(p, X, Y)), as_answer)


def train(arguments: Arguments, learning_rate: float, threads: int) -> Training:
    """The whole of gradient descent in one compiled call."""
    X, Y, start = arrays(arguments)

    @jax.jit
    def descend(p: Any, X: Any, Y: Any, epochs: int) -> Any:
        def update(_: int, p: Any) -> Any:
            gradients = jax.grad(sigmoid_cost)(p, X, Y)
            return jax.tree.map(lambda w, dw: w - learning_rate * dw, p, gradients)

        return jax.lax.fori_loop(0, epochs, update, p)

    return lambda epochs: as_parameters(jax.block_until_ready(descend(start, X, Y, epochs)))


def batches(task: Task, threads: int) -> Training:
    """Train with Adam, an epoch in one compiled call: a scan over batches, then what is left of the examples.

    The order comes from NumPy: `jax.random.permutation` sorts, which takes longer than the rest of an epoch.
    """
    X, Y, start = arrays(task.arguments)
    cost = softmax_cost if task.output == "softmax" else sigmoid_cost
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


def arrays(arguments: Arguments) -> tuple[Any, Any, Any]:
    """X (m, n_x), Y (m, n_y) and W1 (n_x, n_h), b1 (n_h,), W2 (n_h, n_y), b2 (n_y,)."""
    X, Y, (W1, b1, W2, b2) = arguments
    p = [jnp.array(array) for array in (W1.T, b1[:, 0], W2.T, b2[:, 0])]
    return jnp.array(X.T), jnp.array(Y.T), p


def as_parameters(found: Any) -> Parameters:
    W1, b1, W2, b2 = map(np.asarray, found)
    return Parameters(W1.T, b1[:, None], W2.T, b2[:, None])


def as_answer(found: Any) -> Answer:
    J, gradients = found
    return float(J), as_parameters(gradients)
