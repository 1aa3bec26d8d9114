"""Networks from PyTorch's modules, and as such."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ..formulas import ACTIVATIONS, OUTPUTS, Activation, leaky_relu_of
from ..training import Network
from .extras import library
from .parts import folded, hidden_name, network_of

HIDDEN = {"Tanh": "tanh", "Sigmoid": "sigmoid", "ReLU": "relu", "Softplus": "softplus"}
OUTPUT = {"Sigmoid": "sigmoid", "Softmax": "softmax"}
ALLOWED = (
    "Sequential(Linear, activation, Linear) with Tanh, Sigmoid, ReLU, LeakyReLU, PReLU, Softplus or no activation, "
    "then Sigmoid, Softmax or nothing"
)
NOTHING = ("Identity", "Dropout", "AlphaDropout")  # in prediction


def from_torch(module: Any, *, output: str | None = None) -> Network:
    """Make a network of a PyTorch module with one hidden layer.

    Parameters
    ----------
    module
        ``Sequential(Linear, activation, Linear[, Sigmoid or Softmax])`` on any device; Sequential may hold others, and
        Dropout and Identity count for nothing. float32 and float64 stay, float16 and bfloat16 become float32.
    output
        What a module that ends in Linear gives: ``"identity"``, numbers, if None; ``"sigmoid"`` or ``"softmax"`` if it
        gives the logits that ``BCEWithLogitsLoss`` or ``CrossEntropyLoss`` takes; ``"exp"`` logarithms of counts.

    Returns
    -------
    Network
        It predicts what the module gives, up to rounding; Softplus goes over to z at 20 in PyTorch, which is 2e-9 away.
        Its examples are columns: ``net.predict(X.T)``.

    Raises
    ------
    TypeError, ValueError
        For another module, with what was found in it.

    Examples
    --------
    >>> module = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3))
    >>> net = fs.from_torch(module, output="softmax")
    """
    nn = library("torch", "torch").nn
    if output is not None and output not in OUTPUTS:
        raise ValueError(f"output must be one of {', '.join(OUTPUTS)}, or None, not {output!r}")
    if not isinstance(module, nn.Sequential):
        hint = ""
        if isinstance(module, nn.Module):
            hint = ": make it of the layers, as torch.nn.Sequential(model.first, torch.nn.ReLU(), model.second)"
        raise TypeError(f"module must be a torch.nn.Sequential, not {type(module).__name__}{hint}")
    layers = [each for each in _layers(module, nn) if type(each).__name__ not in NOTHING]
    linear = [k for k, each in enumerate(layers) if isinstance(each, nn.Linear)]
    found = " - ".join(type(each).__name__ for each in layers[:12]) or "nothing"
    if len(linear) > 2:
        raise ValueError(f"module has {len(linear) - 1} hidden layers ({found}); allowed is one: {ALLOWED}")
    if len(linear) < 2 or linear[0] or linear[1] > 2 or len(layers) - linear[1] > 2:
        raise ValueError(f"module is {found}; allowed is {ALLOWED}")
    hidden, scale = _hidden(layers[1]) if linear[1] == 2 else (ACTIVATIONS["identity"], 1.0)
    ends = _output(layers[-1]) if layers[-1] is not layers[linear[1]] else None
    if ends is not None and output not in (None, ends):
        raise ValueError(f"output is {output!r}, but module ends in {type(layers[-1]).__name__}")
    (W1, b1), (W2, b2) = (_numbers(layers[k], k, nn) for k in linear)
    try:
        return network_of((W1 * scale, b1 * scale, W2 / scale, b2), hidden, ends or output or "identity")
    except ValueError as error:
        raise ValueError(f"module can't be a network: {error}") from None


def _layers(module: Any, nn: Any) -> list[Any]:
    if not isinstance(module, nn.Sequential):
        return [module]
    return [layer for each in module for layer in _layers(each, nn)]


def _hidden(layer: Any) -> tuple[Activation, float]:
    """The activation, and what z has to be multiplied with before it, and divided by after."""
    name = type(layer).__name__
    if name == "LeakyReLU":
        return leaky_relu_of(float(layer.negative_slope)), 1.0
    if name == "PReLU" and layer.weight.numel() == 1:
        return leaky_relu_of(layer.weight.item()), 1.0
    if name == "Softplus":
        if not layer.beta > 0.0:
            raise ValueError(f"module has Softplus(beta={layer.beta}); beta must be positive")
        return ACTIVATIONS["softplus"], float(layer.beta)
    if name not in HIDDEN:
        several = " with a slope for each unit" if name == "PReLU" else ""
        raise ValueError(f"module has the activation {name}{several}; allowed is {ALLOWED}")
    return ACTIVATIONS[HIDDEN[name]], 1.0


def _output(layer: Any) -> str:
    name = type(layer).__name__
    if name == "LogSoftmax":
        raise ValueError(
            "module ends in LogSoftmax, whose logarithms a network doesn't give: leave it off, as module[:-1] does, "
            "and give output='softmax'"
        )
    if name not in OUTPUT:
        raise ValueError(f"module ends in {name}; allowed is {ALLOWED}")
    if name == "Softmax" and layer.dim not in (1, -1):
        raise ValueError(f"module ends in Softmax(dim={layer.dim}); allowed is dim=1 or -1, over an example's outputs")
    return OUTPUT[name]


def _numbers(layer: Any, place: int, nn: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weights and biases of a linear layer; biases of 0 if it has none."""
    if type(layer).forward is not nn.Linear.forward or nn.parameter.is_lazy(layer.weight):
        raise ValueError(
            f"layer {place} of module is {type(layer).__name__}; allowed is a torch.nn.Linear with weights"
        )
    W, b = layer.weight, layer.bias
    dtype = str(W.dtype).removeprefix("torch.")
    if W.is_meta or dtype not in ("float16", "bfloat16", "float32", "float64"):
        what = "has no numbers, on the meta device" if W.is_meta else f"holds {dtype}"
        raise ValueError(f"layer {place} of module {what}; allowed are float64, float32, float16 and bfloat16")
    b = W.new_zeros(len(W)) if b is None else b
    weights, biases = (t.detach().cpu() for t in (W, b))
    if "16" in dtype:
        weights, biases = weights.float(), biases.float()
    return weights.numpy(), biases.numpy()


def to_torch(network: Network, logits: bool) -> Any:
    """Make a module; see `Network.to_torch`."""
    torch = library("torch", "torch")
    nn, name = torch.nn, hidden_name(network, "torch.nn", ACTIVATIONS)
    p, output = folded(network), network.output.name
    if output == "exp" and not logits:
        raise ValueError("torch.nn has no layer for the output 'exp': to_torch(logits=True) gives the logarithms")
    (n_h, n_x), n_y = p.W1.shape, len(p.W2)
    dtype = getattr(torch, str(p.W1.dtype))
    activations = {
        "identity": lambda: nn.Identity(),
        "sigmoid": lambda: nn.Sigmoid(),
        "tanh": lambda: nn.Tanh(),
        "relu": lambda: nn.ReLU(),
        "leaky_relu": lambda: nn.LeakyReLU(network.hidden.slope),
        "softplus": lambda: nn.Softplus(threshold=40.0),  # from there on z is softplus(z) in float64 too
    }
    ends = {"sigmoid": [nn.Sigmoid()], "softmax": [nn.Softmax(dim=1)]}.get(output, [])
    linear = nn.Linear(n_x, n_h, device="meta"), nn.Linear(n_h, n_y, device="meta")  # draws no numbers
    for layer, W, b in zip(linear, (p.W1, p.W2), (p.b1, p.b2), strict=True):
        layer.weight = nn.Parameter(torch.tensor(W, dtype=dtype))
        layer.bias = nn.Parameter(torch.tensor(b.ravel(), dtype=dtype))
    return nn.Sequential(linear[0], activations[name](), linear[1], *([] if logits else ends)).eval()
