"""Attempts by modules, their parameters, buffers and hooks, and by what optimisers keep."""

import copy
import pickle

import pytest

import tensor as T
from tensor import nn, optim
from tensor.nn import functional as F
from tests.tensor.contract.laundering.attempts import assert_cannot_train, assert_still_marked, refused


@pytest.fixture
def frozen():
    """A model that was built inside."""
    with T.inference_mode():
        return nn.Linear(4, 4)


@pytest.fixture
def layer():
    return nn.Linear(4, 4)


def test_make_it_a_parameter(marked):
    with refused():
        nn.Parameter(marked)
    parameter = nn.Parameter(marked, requires_grad=False)
    assert_still_marked(parameter)
    with refused():
        parameter.requires_grad = True


def test_make_it_a_parameter_inside(marked):
    with T.inference_mode():
        parameters = [nn.Parameter(marked), nn.Parameter(T.ones(4), requires_grad=True)]
    assert_cannot_train(*parameters)


def test_give_a_module_parameters_of_it(marked, layer):
    for attempt in (
        lambda: setattr(layer, "weight", nn.Parameter(marked)),
        lambda: layer.register_parameter("more", nn.Parameter(marked)),
        lambda: setattr(layer.weight, "data", marked.expand(4, 4)),
        lambda: nn.Embedding.from_pretrained(marked.reshape(2, 2), freeze=False),
    ):
        with refused(*layer.parameters()):
            attempt()


def test_embed_with_a_table_of_it(marked):
    table = nn.Embedding.from_pretrained(marked.reshape(2, 2))
    assert_still_marked(table.weight, table(T.tensor([0, 1])))
    with refused():
        table.requires_grad_()


def test_thaw_a_model_that_was_built_inside(frozen):
    with refused():
        frozen.requires_grad_(True)
    with refused():
        frozen.train().weight.requires_grad_()
    for optimiser in (optim.SGD, optim.Adam, optim.AdamW):
        with refused():
            optimiser(frozen.parameters(), lr=0.1)
    with refused():
        frozen(T.ones(4)).sum().backward()
    assert_cannot_train(*frozen.parameters())


def test_copy_pickle_or_convert_a_model_that_was_built_inside(frozen):
    for again in (
        copy.deepcopy(frozen),
        pickle.loads(pickle.dumps(frozen)),
        copy.deepcopy(frozen).double(),
        copy.deepcopy(frozen).to(T.float64),
        copy.deepcopy(frozen).half().float(),
    ):
        assert_cannot_train(*again.parameters())


def test_convert_a_model_inside(layer):
    with T.inference_mode(), refused(*layer.parameters()):
        layer.double()


@pytest.mark.parametrize("assign", [False, True])
def test_load_the_state_of_a_model_that_was_built_inside(frozen, layer, assign):
    with refused(*layer.parameters()):
        layer.load_state_dict(frozen.state_dict(), assign=assign)


def test_load_it_inside(frozen, layer):
    with T.inference_mode(), refused(*layer.parameters()):
        layer.load_state_dict(frozen.state_dict())
    with T.inference_mode():
        layer.load_state_dict(frozen.state_dict(), assign=True)
    assert_cannot_train(*layer.parameters())


def test_tie_a_layers_weight_to_that_of_a_model_that_was_built_inside(frozen, layer):
    layer.weight = frozen.weight
    with refused(layer.bias):
        layer(T.ones(4)).sum().backward()
    with refused(layer.bias):
        optim.SGD(layer.parameters(), lr=0.1)


def test_load_half_of_it_beside_honest_weights(frozen, layer):
    with refused(*layer.parameters()):
        layer.load_state_dict({"bias": T.ones(4), "weight": frozen.weight})


def test_keep_it_as_a_buffer(marked, layer):
    layer.register_buffer("scale", marked)
    assert_cannot_train(layer.scale, layer.state_dict()["scale"], copy.deepcopy(layer).scale, *layer.buffers())
    with refused(*layer.parameters()):
        (layer(T.ones(4)) * layer.scale).sum().backward()


def test_load_it_into_a_buffer(marked, layer):
    layer.register_buffer("scale", T.zeros(4))
    with refused(layer.scale, *layer.parameters()):
        layer.load_state_dict({"scale": marked}, strict=False)
    layer.load_state_dict({"scale": marked}, strict=False, assign=True)
    assert_cannot_train(layer.scale)


@pytest.mark.parametrize("training", [False, True])
def test_normalise_by_running_statistics_of_it(marked, training):
    x = T.ones(3, 4, requires_grad=True)
    with refused(x):
        F.batch_norm(x, marked, marked, training=training).sum().backward()


def test_gather_running_statistics_of_it(marked):
    for run in (
        lambda mean, var: F.batch_norm(marked.expand(3, 4), mean, var, training=True),
        lambda mean, var: F.instance_norm(marked.reshape(1, 4, 1).expand(1, 4, 3), mean, var, use_input_stats=True),
    ):
        mean, var = T.zeros(4), T.ones(4)
        with refused(mean, var):
            run(mean, var)
        with T.no_grad(), refused(mean, var):
            run(mean, var)
        with T.inference_mode(), refused(mean, var):
            run(mean, var)


def test_pass_it_to_the_functional_layers_as_a_weight(marked, weight):
    x = T.ones(4, requires_grad=True)
    for attempt in (
        lambda: F.linear(x, marked[None]),
        lambda: F.linear(x, weight[None], marked[:1]),
        lambda: F.embedding(T.tensor([0]), marked[None]) * weight,
        lambda: F.embedding((marked - 1).long(), weight[:, None]),
        lambda: F.layer_norm(x, (4,), marked),
        lambda: F.dropout(marked) * weight,
        lambda: F.cross_entropy(x[None], T.tensor([0]), weight=marked),
        lambda: F.cross_entropy(x[None], (marked[:1] - 1).long()),
        lambda: F.mse_loss(x, marked),
        lambda: F.scaled_dot_product_attention(x[None], marked[None], marked[None]),
    ):
        with refused(x, weight):
            attempt().sum().backward()


def test_replace_a_modules_input_or_output_in_hooks(marked, layer):
    handle = layer.register_forward_pre_hook(lambda module, arguments: (marked,))
    with refused(*layer.parameters()):
        layer(T.ones(4)).sum().backward()
    handle.remove()
    layer.register_forward_hook(lambda module, arguments, output: marked)
    assert_cannot_train(layer(T.ones(4)))
    assert layer.weight.grad is None


@pytest.fixture
def trained(weight):
    weight.grad = T.ones(4)
    return weight


def stepped(weight, change, cls=optim.SGD, **options):
    """Take a step after `change`, which may put marked data where the optimiser will look."""
    optimiser = cls([weight], **{"lr": 0.0, **options})
    if cls is optim.Adam:
        optimiser.step()  # at rate 0: there is a state now
    change(optimiser)
    optimiser.step()


@pytest.mark.parametrize("option", ["lr", "momentum", "weight_decay"])
def test_give_an_optimiser_options_of_it(marked, trained, option):
    with refused(trained):
        stepped(trained, lambda optimiser: None, **{option: marked[0]})
    with refused(trained):
        stepped(trained, lambda optimiser: optimiser.param_groups[0].update({option: marked[0]}))
    with refused(trained):
        stepped(trained, lambda optimiser: optimiser.param_groups[0].update({option: marked[0].numpy()}))


def test_give_an_optimiser_betas_of_it(marked, trained):
    with refused(trained):
        stepped(trained, lambda optimiser: optimiser.param_groups[0].update(betas=(marked[0] / 9, 0.9)), optim.Adam)


STATE_CHANGES = {
    "set": lambda state, m: state.update(exp_avg=m),
    "copy_": lambda state, m: state["exp_avg"].copy_(m),
    "data": lambda state, m: setattr(state["exp_avg"], "data", m),
    "its array": lambda state, m: state.update(exp_avg=m.numpy()),
    "the count of steps": lambda state, m: state.update(step=m[1]),
}


@pytest.mark.parametrize("change", STATE_CHANGES.values(), ids=STATE_CHANGES)
def test_put_it_into_an_optimisers_state(marked, trained, change):
    with refused(trained):
        stepped(trained, lambda optimiser: change(optimiser.state[trained], marked), optim.Adam)


def test_load_it_as_an_optimisers_state(marked, trained):
    def load(where, **values):
        def change(optimiser):
            saved = optimiser.state_dict()
            saved[where][0].update(values)
            optimiser.load_state_dict(saved)

        return change

    for change in (load("state", exp_avg=marked), load("param_groups", lr=marked[0])):
        with refused(trained):
            stepped(trained, change, optim.Adam)


def test_deepcopy_an_optimiser_or_its_state_inside(trained):
    optimiser = optim.Adam([trained], lr=0.0)
    optimiser.step()
    with T.inference_mode():
        copied, state = copy.deepcopy(optimiser), copy.deepcopy(optimiser.state_dict())
    with refused(trained):
        optimiser.load_state_dict(state)
    (parameter,) = copied.param_groups[0]["params"]
    assert_cannot_train(parameter)
    parameter.grad = T.ones(4)
    with refused(trained):
        copied.step()


def test_give_an_optimiser_betas_that_hide_it(marked, trained):
    for hide in (lambda betas: dict.fromkeys(betas), lambda betas: dict.fromkeys(betas).keys(), iter):
        before = trained.tolist()
        with pytest.raises((T.DtypeError, T.InferenceTensorError, ValueError)):
            stepped(trained, lambda optimiser: None, optim.Adam, lr=0.1, betas=hide([marked[0] / 9, marked[1] / 9]))
        assert trained.tolist() == before
        assert not trained.is_inference()


def test_step_inside_with_it_in_the_state(marked, trained):
    def inside(optimiser):
        optimiser.state[trained]["momentum_buffer"] = marked
        with T.inference_mode():
            optimiser.step()

    with refused(trained):
        stepped(trained, inside, momentum=0.9)


def test_slip_it_into_an_optimisers_groups(marked, weight):
    with refused():
        optim.SGD([weight, marked], lr=0.1)
    optimiser = optim.SGD([weight], lr=0.1)
    with refused(weight):
        optimiser.add_param_group({"params": [marked]})
    with T.inference_mode():
        marked.grad = T.ones(4)
    optimiser.param_groups[0]["params"].append(marked)
    with refused(weight):
        optimiser.step()


def test_average_weights_with_those_of_a_replica(frozen, layer):
    with T.no_grad():
        for average, each in zip(layer.parameters(), frozen.parameters(), strict=True):
            with refused(average):
                average.lerp_(each, 0.1)
