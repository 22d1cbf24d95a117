"""Temporal convolutions with weight norm, and a WaveNet of gated dilated convolutions."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import weight_norm, remove_weight_norm


class Chomp1d(nn.Module):
    def __init__(self, chomp_size):
        super(Chomp1d, self).__init__()
        self.chomp_size = chomp_size

    def forward(self, x):
        return x[:, :, :-self.chomp_size].contiguous()


class TemporalBlock(nn.Module):
    def __init__(self, n_inputs, n_outputs, kernel_size, stride, dilation, padding, dropout=0.2):
        super(TemporalBlock, self).__init__()
        self.conv1 = weight_norm(nn.Conv1d(n_inputs, n_outputs, kernel_size,
                                           stride=stride, padding=padding, dilation=dilation))
        self.chomp1 = Chomp1d(padding)
        self.relu1 = nn.ReLU()
        self.dropout1 = nn.Dropout(dropout)

        self.conv2 = weight_norm(nn.Conv1d(n_outputs, n_outputs, kernel_size,
                                           stride=stride, padding=padding, dilation=dilation))
        self.chomp2 = Chomp1d(padding)
        self.relu2 = nn.ReLU()
        self.dropout2 = nn.Dropout(dropout)

        self.net = nn.Sequential(self.conv1, self.chomp1, self.relu1, self.dropout1,
                                 self.conv2, self.chomp2, self.relu2, self.dropout2)
        self.downsample = nn.Conv1d(n_inputs, n_outputs, 1) if n_inputs != n_outputs else None
        self.relu = nn.ReLU()
        self.init_weights()

    def init_weights(self):
        self.conv1.weight.data.normal_(0, 0.01)
        self.conv2.weight.data.normal_(0, 0.01)
        if self.downsample is not None:
            self.downsample.weight.data.normal_(0, 0.01)

    def forward(self, x):
        out = self.net(x)
        res = x if self.downsample is None else self.downsample(x)
        return self.relu(out + res)


class TemporalConvNet(nn.Module):
    def __init__(self, num_inputs, num_channels, kernel_size=2, dropout=0.2):
        super(TemporalConvNet, self).__init__()
        layers = []
        num_levels = len(num_channels)
        for i in range(num_levels):
            dilation_size = 2 ** i
            in_channels = num_inputs if i == 0 else num_channels[i-1]
            out_channels = num_channels[i]
            layers += [TemporalBlock(in_channels, out_channels, kernel_size, stride=1, dilation=dilation_size,
                                     padding=(kernel_size-1) * dilation_size, dropout=dropout)]

        self.network = nn.Sequential(*layers)

    def forward(self, x):
        return self.network(x)


class TCN(nn.Module):
    def __init__(self, input_size, output_size, num_channels, kernel_size, dropout):
        super(TCN, self).__init__()
        self.tcn = TemporalConvNet(input_size, num_channels, kernel_size=kernel_size, dropout=dropout)
        self.linear = nn.Linear(num_channels[-1], output_size)

    def forward(self, inputs):
        """Inputs have to have dimension (N, C_in, L_in)"""
        y1 = self.tcn(inputs)  # input should have dimension (N, C, L)
        o = self.linear(y1[:, :, -1])
        return F.log_softmax(o, dim=1)


class CausalConv1d(nn.Conv1d):
    def __init__(self, in_channels, out_channels, kernel_size, dilation=1, **kwargs):
        super().__init__(in_channels, out_channels, kernel_size, dilation=dilation, **kwargs)
        self.left = (kernel_size - 1) * dilation

    def forward(self, x):
        return super().forward(F.pad(x, (self.left, 0)))


class WaveNet(nn.Module):
    def __init__(self, layers=3, blocks=2, residual_channels=6, dilation_channels=6, skip_channels=8, classes=16):
        super().__init__()
        self.start_conv = nn.Conv1d(classes, residual_channels, kernel_size=1)
        self.filter_convs = nn.ModuleList()
        self.gate_convs = nn.ModuleList()
        self.residual_convs = nn.ModuleList()
        self.skip_convs = nn.ModuleList()
        self.receptive_field = 1
        for b in range(blocks):
            for i in range(layers):
                d = 2**i
                self.filter_convs.append(CausalConv1d(residual_channels, dilation_channels, 2, dilation=d, bias=False))
                self.gate_convs.append(CausalConv1d(residual_channels, dilation_channels, 2, dilation=d, bias=False))
                self.residual_convs.append(nn.Conv1d(dilation_channels, residual_channels, 1))
                self.skip_convs.append(nn.Conv1d(dilation_channels, skip_channels, 1))
                self.receptive_field += d
        self.end_conv_1 = nn.Conv1d(skip_channels, skip_channels, 1, bias=True)
        self.end_conv_2 = nn.Conv1d(skip_channels, classes, 1, bias=True)
        self.classes = classes

    def forward(self, samples):
        x = F.one_hot(samples, num_classes=self.classes).transpose(1, 2).to(self.start_conv.weight)
        x = self.start_conv(x)
        skip = 0
        for f, g, r, s in zip(self.filter_convs, self.gate_convs, self.residual_convs, self.skip_convs):
            residual = x
            x = torch.tanh(f(x)) * torch.sigmoid(g(x))
            skip = s(x) + skip
            x = r(x) + residual
        x = F.relu(self.end_conv_1(F.relu(skip)))
        return self.end_conv_2(x)


class ResBlock(torch.nn.Module):
    """One block of a vocoder's generator; its weight norms are taken away for inference."""

    def __init__(self, channels, kernel_size=3, dilation=(1, 3)):
        super(ResBlock, self).__init__()
        self.convs1 = nn.ModuleList([
            weight_norm(nn.Conv1d(channels, channels, kernel_size, 1, dilation=d,
                                  padding=int((kernel_size * d - d) / 2))) for d in dilation
        ])
        self.convs1.apply(init_weights)
        self.up = weight_norm(nn.ConvTranspose1d(channels, channels // 2, 4, 2, padding=1))
        self.up.apply(init_weights)

    def forward(self, x):
        for c1 in self.convs1:
            xt = F.leaky_relu(x, 0.1)
            xt = c1(xt)
            x = xt + x
        return torch.tanh(self.up(x))

    def remove_weight_norm(self):
        for l in self.convs1:
            remove_weight_norm(l)
        remove_weight_norm(self.up)


def init_weights(m, mean=0.0, std=0.01):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        m.weight.data.normal_(mean, std)
