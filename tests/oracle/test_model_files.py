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
    "resnet, bottlenecks": ("resnet", lambda file: file.resnet11_bottleneck(num_classes=5), [IMAGES]),
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
