'''VGG in PyTorch.'''
import torch
import torch.nn as nn


cfg = {
    'VGG5': [8, 'M', 16, 'M', 16, 16, 'M'],
    'VGG7': [8, 8, 'M', 16, 16, 'M', 24, 24, 'M'],
}


class VGG(nn.Module):
    def __init__(self, vgg_name, batch_norm=True, num_classes=10):
        super(VGG, self).__init__()
        self.features = self._make_layers(cfg[vgg_name], batch_norm)
        self.avgpool = nn.AdaptiveAvgPool2d((2, 2))
        self.classifier = nn.Sequential(
            nn.Linear(cfg[vgg_name][-2] * 2 * 2, 32),
            nn.ReLU(True),
            nn.Dropout(p=0.0),
            nn.Linear(32, num_classes),
        )
        self._initialize_weights()

    def forward(self, x):
        out = self.features(x)
        out = self.avgpool(out)
        out = out.view(out.size(0), -1)
        out = self.classifier(out)
        return out

    def _initialize_weights(self):
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode='fan_out', nonlinearity='relu')
                if m.bias is not None:
                    nn.init.constant_(m.bias, 0)
            elif isinstance(m, nn.BatchNorm2d):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)
            elif isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, 0, 0.01)
                nn.init.constant_(m.bias, 0)

    def _make_layers(self, cfg, batch_norm):
        layers = []
        in_channels = 3
        for x in cfg:
            if x == 'M':
                layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
                continue
            layers += [nn.Conv2d(in_channels, x, kernel_size=3, padding=1)]
            if batch_norm:
                layers += [nn.BatchNorm2d(x)]
            layers += [nn.ReLU(inplace=True)]
            in_channels = x
        layers += [nn.AvgPool2d(kernel_size=1, stride=1)]
        return nn.Sequential(*layers)


def test():
    net = VGG('VGG5')
    x = torch.randn(2, 3, 32, 32)
    y = net(x)
    print(y.size())

# test()
