"""Model files written for PyTorch, run by both libraries with only their import lines changed."""

from __future__ import annotations

import numpy as np
import pytest

import tensor
from tests.oracle.model_files.loading import load, rewritten
from tests.oracle.twins import assert_same, check, copy_state, floats, ints

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

IMAGES = floats(2, 3, 32, 32)
WORDS = ints(30, 3, 6)
LIBRARIES = {"torch": torch, "tensor": tensor}
NAMES = {torch: "torch", tensor: "tensor"}


# file, how its model is made, what it is called with
MODELS = {
    "resnet, basic blocks": ("resnet", lambda file: file.resnet8(zero_init_residual=True), [IMAGES]),
    "resnet, bottlenecks": ("resnet", lambda file: file.resnet11_bottleneck(num_classes=5), [floats(4, 3, 32, 32)]),
    "resnet, group norms": ("resnet", lambda file: file.resnext11_groupnorm(), [IMAGES]),
    "densenet": ("densenet", lambda file: file.DenseNet(), [floats(2, 3, 64, 64)]),
    "densenet, checkpointed": ("densenet", lambda file: file.DenseNet(memory_efficient=True), [floats(2, 3, 64, 64)]),
    "mobilenet v2": ("mobilenet", lambda file: file.MobileNetV2(dropout=0.0), [IMAGES]),
    "mobilenet v3": ("mobilenet", lambda file: file.mobilenetv3_tiny(), [IMAGES]),
    "shufflenet": ("shufflenet", lambda file: file.ShuffleNetV2(), [IMAGES]),
    "squeeze and excitation": ("shufflenet", lambda file: file.SENet(), [floats(2, 3, 16, 16)]),
    "googlenet": (
        "googlenet",
        lambda file: file.GoogLeNet(transform_input=True, init_weights=True, dropout=0.0),
        [floats(2, 3, 48, 48)],
    ),
    "googlenet, no auxiliary": ("googlenet", lambda file: file.GoogLeNet(aux_logits=False, dropout=0.0), [IMAGES]),
    "vgg": ("vgg", lambda file: file.VGG("VGG7"), [IMAGES]),
    "vgg, no batch norm": ("vgg", lambda file: file.VGG("VGG5", batch_norm=False), [floats(2, 3, 24, 40)]),
    "vision transformer": ("vit", lambda file: file.VisionTransformer(), [IMAGES]),
    "vision transformer, other size": ("vit", lambda file: file.VisionTransformer(), [floats(2, 3, 48, 40)]),
    "two towers": ("vit", lambda file: file.TwoTowers(), [floats(3, 3, 16, 16), ints(30, 3, 7)]),
    "mlp mixer": (
        "mlp_mixer",
        lambda file: file.MLPMixer(image_size=16, channels=3, patch_size=4, dim=12, depth=2, num_classes=5),
        [floats(2, 3, 16, 16)],
    ),
    "gmlp": ("mlp_mixer", lambda file: file.gMLP(), [ints(20, 2, 6)]),
    "gpt": ("gpt", lambda file: file.GPT(file.GPTConfig()), [ints(40, 2, 9), ints(40, 2, 9, seed=1)]),
    "gpt, its own attention": (
        "gpt",
        lambda file: file.GPT(file.GPTConfig(flash=False, bias=False)),
        [ints(40, 2, 9), ints(40, 2, 9, seed=1)],
    ),
    "bert": ("bert", lambda file: file.BertForPreTraining(file.BertConfig()), [ints(50, 2, 7), ints(2, 2, 7)]),
    "bert, its losses": (
        "bert",
        lambda file: file.BertForPreTraining(file.BertConfig(hidden_act="swish")),
        [ints(50, 2, 7), ints(2, 2, 7), np.tile([1, 1, 1, 1, 1, 0, 0], (2, 1)), ints(51, 2, 7) - 1, ints(2, 2)],
    ),
    "unet": ("unet", lambda file: file.UNet(3, 2), [floats(2, 3, 17, 22)]),
    "unet, bilinear": ("unet", lambda file: file.UNet(3, 2, bilinear=True), [floats(2, 3, 18, 21)]),
    "unet, dice loss": ("unet", lambda file: file.Segmenter(), [floats(2, 2, 16, 16), ints(3, 2, 16, 16)]),
    "lstm tagger": (
        "lstm_tagger",
        lambda file: file.LSTMTagger(5, 4, 30, 6, num_layers=2),
        [ints(30, 3, 6), np.array([4, 6, 2])],
    ),
    "language model, lstm": ("lstm_tagger", lambda file: file.RNNModel("LSTM", 30, 8, 8, 2, tie_weights=True), [WORDS]),
    "language model, gru": ("lstm_tagger", lambda file: file.RNNModel("GRU", 30, 8, 6, 1), [WORDS]),
    "language model, rnn": ("lstm_tagger", lambda file: file.RNNModel("RNN_RELU", 30, 8, 6, 1), [WORDS]),
    "seq2seq with attention": ("lstm_tagger", lambda file: file.AttentionSeq2Seq(), [ints(20, 2, 5), ints(20, 2, 4)]),
    "text cnn": ("lstm_tagger", lambda file: file.TextCNN(), [WORDS]),
    "bag of words": ("lstm_tagger", lambda file: file.BagOfWords(), [ints(30, 9), np.array([0, 4, 4, 7])]),
    "vae": ("vae", lambda file: file.VAE(), [floats(3, 64), floats(3, 5)]),
    "convolutional vae": ("vae", lambda file: file.ConvVAE(3, 4), [floats(2, 3, 16, 16)]),
    "vector quantiser": ("vae", lambda file: file.VectorQuantizer(7, 4), [floats(2, 4, 3, 3)]),
    "convnext": ("convnext", lambda file: file.ConvNeXt(), [IMAGES]),
    "convnext v2": ("convnext", lambda file: file.ConvNeXt(layer_scale_init_value=0, grn=True), [IMAGES]),
    "tcn": ("tcn", lambda file: file.TCN(3, 4, [5, 5, 6], kernel_size=3, dropout=0.0), [floats(2, 3, 14)]),
    "wavenet": ("tcn", lambda file: file.WaveNet(), [ints(16, 2, 20)]),
    "vocoder block": ("tcn", lambda file: file.ResBlock(6), [floats(2, 6, 10)]),
    "crnn": ("crnn", lambda file: file.CRNN(16, 1, 6, 5).apply(file.weights_init), [floats(2, 1, 16, 20)]),
    "dcgan, generator": ("dcgan", lambda file: file.Generator(1).apply(file.weights_init), [floats(3, 6, 1, 1)]),
    "dcgan, discriminator": ("dcgan", lambda file: file.Discriminator(1), [floats(3, 3, 16, 16)]),
    "translation of images": ("dcgan", lambda file: file.ResnetBlock(4), [floats(2, 4, 7, 9)]),
    "llama": ("llama", lambda file: file.Transformer(file.ModelArgs()), [ints(40, 2, 9)]),
    "llama, rotated halves": ("llama", lambda file: file.Transformer(file.ModelArgs(rope="half")), [ints(40, 2, 9)]),
    "transformer": ("transformer", lambda file: file.Transformer(), [ints(30, 2, 7), ints(30, 2, 5)]),
    "language model, transformer": (
        "transformer",
        lambda file: file.TransformerModel(30, 8, 2, 12, 2),
        [ints(30, 6, 3)],
    ),
}


@pytest.mark.parametrize("case", MODELS)
def test_a_model_file_says_the_same_in_both_libraries(case):
    name, make, inputs = MODELS[case]
    check(lambda namespace, nn: make(load(name, NAMES[namespace])), *inputs, gradient_scale=1.0)


@pytest.mark.parametrize("case", MODELS)
def test_initial_weights_come_from_the_same_distributions(case):
    name, make, _ = MODELS[case]
    states = {}
    for library, namespace in LIBRARIES.items():
        namespace.manual_seed(0)
        states[library] = make(load(name, library)).state_dict()
    for key, theirs in states["torch"].items():
        mine, theirs = states["tensor"][key].numpy().astype(float), theirs.numpy().astype(float)
        if theirs.size > 1 and np.ptp(theirs) == 0:
            np.testing.assert_array_equal(mine, theirs, err_msg=key)
        elif theirs.size >= 400:
            np.testing.assert_allclose(mine.std(), theirs.std(), rtol=0.25, err_msg=key)
            np.testing.assert_allclose(mine.mean(), theirs.mean(), atol=0.5 * theirs.std(), err_msg=key)
            np.testing.assert_allclose(np.abs(mine).max(), np.abs(theirs).max(), rtol=0.5, err_msg=key)


def twins_of(name, make):
    """The file and its model in both libraries, with the same weights: ours first."""
    files = [load(name, "tensor"), load(name, "torch")]
    models = [make(file) for file in files]
    copy_state(models[1], models[0])
    return zip((tensor, torch), files, models, strict=True)


def same(results, tolerance=1e-5):
    assert_same(*results, tolerance, "results")


def test_gpt_generates_the_same_words():
    words, models = [], []
    for t, _, model in twins_of("gpt", lambda file: file.GPT(file.GPTConfig(block_size=8)).eval()):
        words.append(model.generate(t.tensor([[1, 2, 3], [4, 5, 6]]), 12, temperature=0.7, top_k=1))
        t.manual_seed(0)
        assert model.generate(t.tensor([[1]]), 5, top_k=10).shape == (1, 6)
        model.crop_block_size(4)
        words.append(model(t.tensor([[1, 2, 3, 4]]))[0])
        models.append((model.get_num_params(), *model.separate_parameters()))
    same([words[0], words[2]])
    same([words[1], words[3]])
    assert models[0] == models[1]


def test_gpt_trains_the_same_with_groups_of_parameters():
    losses = []
    for t, _, model in twins_of("gpt", lambda file: file.GPT(file.GPTConfig())):
        optimizer = model.configure_optimizers(0.1, 1e-2, (0.9, 0.95), "cpu")
        words, seen = t.tensor(ints(40, 4, 17)), []
        for _ in range(5):
            _, loss = model(words[:, :-1], words[:, 1:].contiguous())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            t.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            seen.append(loss.item())
        losses.append(seen)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_llama_generates_the_same_with_its_cache_as_without():
    found = []
    for t, _, model in twins_of("llama", lambda file: file.Transformer(file.ModelArgs()).eval()):
        prompt = t.tensor([[1, 2, 3]])
        found.append(model.generate(prompt, 6))
        for layer in model.layers:
            layer.attention.cache_k = None
        whole = model(t.tensor(found[-1][:, :-1].tolist()))
        assert whole[0, 2:].argmax(-1).tolist() == found[-1][0, 3:].tolist()
        t.manual_seed(0)
        assert model.generate(prompt, 3, temperature=1.0).shape == (1, 6)
    same(found)


def test_dcgan_trains_the_same():
    losses, noises = [], [floats(4, 6, 1, 1, seed=seed) for seed in range(3)]
    files = [load("dcgan", "tensor"), load("dcgan", "torch")]
    players = [(file.Generator(1), file.Discriminator(1)) for file in files]
    for mine, theirs in zip(*players, strict=True):
        copy_state(theirs, mine)
    for t, file, (generator, discriminator) in zip((tensor, torch), files, players, strict=True):
        real = t.tensor(floats(4, 3, 16, 16)).float()
        losses.append(file.train_steps(generator, discriminator, real, [t.tensor(each).float() for each in noises]))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


def test_losses_of_autoencoders():
    found = []
    for t, file, model in twins_of("vae", lambda file: file.ConvVAE(3, 4)):
        images = t.tensor(floats(2, 3, 16, 16)).float()
        losses = model.loss_function(*model(images), M_N=0.01)
        flat = t.rand(2, 64, generator=t.Generator().manual_seed(0)) * 0 + 0.3
        found.append([*losses.values(), file.loss_function(flat, flat, flat[:, :5], flat[:, :5])])
        assert model.sample(3, "cpu").shape == (3, 3, 16, 16)
    same(found)


def test_a_vocoder_without_its_weight_norms():
    found = []
    for t, _, model in twins_of("tcn", lambda file: file.ResBlock(6)):
        model.remove_weight_norm()
        found.append([model(t.tensor(floats(2, 6, 10)).float()), *model.state_dict().values()])
        assert "weight_g" not in " ".join(model.state_dict())
    same(found)


def test_old_names_of_a_densenet_are_renamed_as_its_file_does():
    file = load("densenet", "tensor")
    model = file.DenseNet()
    state = {key: value for key, value in model.state_dict().items() if "num_batches" not in key}
    old = {key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): value for key, value in state.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    file._load_state_dict(model, old)


def test_attention_of_the_last_block():
    found = []
    for t, _, model in twins_of("vit", lambda file: file.VisionTransformer().eval()):
        found.append(model.get_last_selfattention(t.tensor(IMAGES).float()))
    same(found)
    assert found[0].shape == (2, 3, 17, 17)


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("import torch", "import tensor as torch"),
        ("import torch.nn as nn", "import tensor.nn as nn"),
        ("import os, torch.nn", "import os, tensor.nn, tensor as torch"),
        ("import torch as t; t.ones(2)", "import tensor as t; t.ones(2)"),
        ("from torch import nn, Tensor", "from tensor import nn, Tensor"),
        ("from torch.nn import (\n    functional as F,\n)\nx = 1", "from tensor.nn import functional as F\n\n\nx = 1"),
        ("def f():\n    import torch  # late", "def f():\n    import tensor as torch  # late"),
        ("import torchvision", "import torchvision"),
        ("from . import torch", "from . import torch"),
    ],
)
def test_only_import_lines_change(line, ours):
    assert rewritten(line) == ours
