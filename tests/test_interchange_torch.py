"""Networks from PyTorch's modules and as such: both predict the same."""

import itertools

import numpy as np
import pytest
from test_interchange_sklearn import close, examples, network, outputs_of

import fastshallow as fs
from fastshallow.formulas import ACTIVATIONS, OUTPUTS
from fastshallow.formulas.activations import leaky_relu_of
from fastshallow.training import Network, Target

torch = pytest.importorskip("torch")
nn = torch.nn
LINEAR = nn.Linear


def call(module, X):
    return module(torch.from_numpy(np.ascontiguousarray(X.T))).detach().numpy().T


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("hidden", "output"), [*itertools.product(ACTIVATIONS, OUTPUTS)])
def test_a_module_gives_the_same(hidden, output, dtype):
    units = Target("income", (), np.full((3, 1), 40.0), np.full((3, 1), 7.0)) if output == "identity" else None
    net, X = network(hidden, output, 3, dtype, target=units), examples(dtype=dtype)
    logits = net.to_torch(logits=True)
    assert len(logits) == 3 and not logits.training
    close(outputs_of(fs.from_torch(logits, output=output), X), outputs_of(net, X), dtype)
    if output == "exp":
        with pytest.raises(ValueError, match="no layer for the output 'exp'"):
            net.to_torch()
        return
    module = net.to_torch()
    close(call(module, X), outputs_of(net, X), dtype)
    back = fs.from_torch(module)
    assert (back.hidden.name, back.output.name) == (hidden, output)
    close(outputs_of(back, X), outputs_of(net, X), dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize(
    "middle",
    [nn.Tanh(), nn.LeakyReLU(0.3), nn.PReLU(), nn.Softplus(beta=2.5, threshold=99), nn.Identity(), nn.Dropout(0.5)],
    ids=repr,
)
def test_modules_become_networks(middle, dtype):
    module = nn.Sequential(nn.Sequential(LINEAR(4, 5, bias=False), middle), LINEAR(5, 2), nn.Softmax(-1))
    module = module.to(getattr(torch, dtype)).eval()
    net, X = fs.from_torch(module), examples()
    number = "float64" if dtype == "float64" else "float32"
    assert {str(each.dtype) for each in net.parameters} == {number}
    exact = module.to(getattr(torch, number))
    close(net.predict_proba(X.astype(number), backend="numpy"), call(exact, X.astype(number)), number)


def test_what_can_not_be_converted_is_named():
    def refused(module, words, kind=ValueError, **more):
        with pytest.raises(kind, match=words):
            fs.from_torch(module, **more)

    chain = nn.Sequential
    refused(chain(LINEAR(4, 5), nn.ReLU(), LINEAR(5, 5), nn.ReLU(), LINEAR(5, 1)), "module has 2 hidden layers")
    refused(chain(LINEAR(4, 5), nn.GELU(), LINEAR(5, 1)), "has the activation GELU; allowed is Sequential")
    refused(chain(LINEAR(4, 5), nn.PReLU(5), LINEAR(5, 1)), "PReLU with a slope for each unit")
    refused(chain(LINEAR(4, 5), nn.ReLU()), "module is Linear - ReLU; allowed")
    refused(chain(nn.Conv1d(1, 1, 1), LINEAR(4, 5), nn.ReLU(), LINEAR(5, 1)), "module is Conv1d - Linear")
    refused(chain(), "module is nothing")
    refused(chain(LINEAR(4, 5), nn.ReLU(), LINEAR(5, 3), nn.ReLU()), "module ends in ReLU")
    refused(chain(LINEAR(4, 5), nn.ReLU(), LINEAR(5, 3), nn.LogSoftmax(1)), "leave it off")
    refused(chain(LINEAR(4, 5), nn.ReLU(), LINEAR(5, 3), nn.Softmax(0)), r"Softmax\(dim=0\)")
    refused(chain(LINEAR(4, 5), nn.ReLU(), LINEAR(6, 3)), "first layer gives 5 numbers, but its second takes 6")
    refused(chain(LINEAR(4, 5), nn.Softplus(-1.0), LINEAR(5, 3)), "beta must be positive")
    refused(chain(LINEAR(4, 5, device="meta"), nn.ReLU(), LINEAR(5, 3)), "layer 0 of module has no numbers")
    refused(chain(nn.LazyLinear(5), nn.ReLU(), LINEAR(5, 3)), "layer 0 of module is LazyLinear")
    refused(chain(LINEAR(4, 5, dtype=torch.complex64), nn.ReLU(), LINEAR(5, 3)), "holds complex64")
    refused(LINEAR(4, 5), "Sequential, not Linear: make it of the layers", TypeError)
    refused(3, "not int", TypeError)
    good = chain(LINEAR(4, 5), nn.ReLU(), LINEAR(5, 1))
    refused(good, "output must be one of sigmoid", output="probabilities")
    refused(good, "softmax has a single output", output="softmax")
    refused(chain(*good, nn.Sigmoid()), "output is 'identity', but module ends in Sigmoid", output="identity")
    own = fs.Activation("cube", lambda z: z * z * z, lambda z, a: 3.0 * z * z)
    with pytest.raises(ValueError, match=r"'cube' is your own, which torch\.nn has not"):
        Network(network().parameters, own, OUTPUTS["sigmoid"]).to_torch()


def test_a_slope_is_kept():
    net = Network(network(standardized=False).parameters, leaky_relu_of(1.3), OUTPUTS["identity"])
    assert fs.from_torch(net.to_torch()).hidden.slope == 1.3
