"""PyTorch: eager and compiled, gradients by autograd; examples are rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, linear

from fastshallow.formulas.parameters import Parameters
from fastshallow.measuring import Answer, Arguments, Case

from .implementations import Step, Task, Training


def sigmoid_cost(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    scores = linear(torch.tanh(linear(X, W1, b1)), W2, b2)
    return binary_cross_entropy_with_logits(scores, Y)


def softmax_cost(X: Any, labels: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    scores = linear(torch.tanh(linear(X, W1, b1)), W2, b2)
    return cross_entropy(scores, labels)


def step(case: Case, arguments: Arguments, threads: int, compiled: bool = False) -> Step:
    """Cost and gradients, by autograd."""
    torch.set_num_threads(threads)
    X, Y, *parameters = tensors(arguments)
    cost: Callable[..., Any] = sigmoid_cost
    if case.output == "softmax":
        cost, Y = softmax_cost, Y.argmax(dim=1)
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


def train(arguments: Arguments, learning_rate: float, threads: int) -> Training:
    """Gradient descent with `torch.optim.SGD`, in Python."""
    torch.set_num_threads(threads)
    X, Y, *start = tensors(arguments)

    def run(epochs: int) -> Parameters:
        parameters = [tensor.detach().clone().requires_grad_() for tensor in start]
        optimizer = torch.optim.SGD(parameters, lr=learning_rate)
        for _ in range(epochs):
            optimizer.zero_grad()
            sigmoid_cost(X, Y, *parameters).backward()
            optimizer.step()
        return as_parameters(parameters)

    return run


def batches(task: Task, threads: int) -> Training:
    """Train with `torch.optim.Adam`, in Python.

    Each epoch takes the rows in a new order and splits them: two to three times faster than a `DataLoader`, which
    takes one row after the other. `fused=True` is faster than the default, and than `foreach=True`.
    """
    torch.set_num_threads(threads)
    X, Y, *start = tensors(task.arguments)
    cost: Callable[..., Any] = sigmoid_cost
    if task.output == "softmax":
        cost, Y = softmax_cost, Y.argmax(dim=1)

    def run(epochs: int) -> Parameters:
        random = torch.Generator().manual_seed(1)
        parameters = [tensor.detach().clone().requires_grad_() for tensor in start]
        optimizer = torch.optim.Adam(parameters, lr=task.learning_rate, fused=True)
        for _ in range(epochs):
            order = torch.randperm(len(X), generator=random)
            for rows, right in zip(X[order].split(task.batch_size), Y[order].split(task.batch_size), strict=True):
                optimizer.zero_grad()
                cost(rows, right, *parameters).backward()
                optimizer.step()
        return as_parameters(parameters)

    return run


def tensors(arguments: Arguments) -> list[Any]:
    """X (m, n_x), Y (m, n_y), W1 (n_h, n_x), b1 (n_h,), W2 (n_y, n_h), b2 (n_y,)."""
    X, Y, (W1, b1, W2, b2) = arguments
    data = [torch.from_numpy(array.T.copy()) for array in (X, Y)]
    return data + [torch.from_numpy(array.copy()).requires_grad_() for array in (W1, b1[:, 0], W2, b2[:, 0])]


def as_parameters(found: Any) -> Parameters:
    W1, b1, W2, b2 = (tensor.detach().numpy() for tensor in found)
    return Parameters(W1, b1[:, None], W2, b2[:, None])


def as_answer(found: Any) -> Answer:
    J, gradients = found
    return J.item(), as_parameters(gradients)
