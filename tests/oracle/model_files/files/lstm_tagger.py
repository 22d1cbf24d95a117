"""Taggers and classifiers of sequences: padded and packed LSTMs, a GRU with attention, convolutions over words."""

import torch
import torch.autograd as autograd
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence


class LSTMTagger(nn.Module):
    def __init__(self, embedding_dim, hidden_dim, vocab_size, tagset_size, num_layers=1, bidirectional=True, pad_idx=0):
        super(LSTMTagger, self).__init__()
        self.hidden_dim = hidden_dim
        self.num_directions = 2 if bidirectional else 1
        self.word_embeddings = nn.Embedding(vocab_size, embedding_dim, padding_idx=pad_idx)
        self.lstm = nn.LSTM(
            embedding_dim, hidden_dim, num_layers=num_layers, bidirectional=bidirectional, batch_first=True
        )
        self.hidden2tag = nn.Linear(hidden_dim * self.num_directions, tagset_size)
        self.init_weights()

    def init_weights(self):
        for name, param in self.lstm.named_parameters():
            if "bias" in name:
                nn.init.constant_(param, 0.0)
                # the forget gate starts open
                n = param.size(0)
                param.data[n // 4 : n // 2].fill_(1.0)
            elif "weight_hh" in name:
                nn.init.orthogonal_(param)
            elif "weight_ih" in name:
                nn.init.xavier_uniform_(param.data)
        initrange = 0.1
        self.word_embeddings.weight.data.uniform_(-initrange, initrange)
        self.word_embeddings.weight.data[0] = torch.zeros(self.word_embeddings.embedding_dim)

    def forward(self, sentences, lengths):
        lengths, perm_idx = lengths.sort(0, descending=True)
        embeds = self.word_embeddings(sentences[perm_idx])
        packed = pack_padded_sequence(embeds, lengths.cpu().numpy(), batch_first=True)
        packed_out, (h_n, c_n) = self.lstm(packed)
        lstm_out, out_lengths = pad_packed_sequence(packed_out, batch_first=True)
        _, unperm_idx = perm_idx.sort(0)
        lstm_out = lstm_out[unperm_idx]
        tag_space = self.hidden2tag(lstm_out)
        tag_scores = F.log_softmax(tag_space, dim=2)
        return tag_scores, h_n[:, unperm_idx]


class RNNModel(nn.Module):
    """Container module with an encoder, a recurrent module, and a decoder."""

    def __init__(self, rnn_type, ntoken, ninp, nhid, nlayers, dropout=0.0, tie_weights=False):
        super(RNNModel, self).__init__()
        self.ntoken = ntoken
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(ntoken, ninp)
        if rnn_type in ["LSTM", "GRU"]:
            self.rnn = getattr(nn, rnn_type)(ninp, nhid, nlayers, dropout=dropout)
        else:
            try:
                nonlinearity = {"RNN_TANH": "tanh", "RNN_RELU": "relu"}[rnn_type]
            except KeyError as e:
                raise ValueError("An invalid option for `--model` was supplied") from e
            self.rnn = nn.RNN(ninp, nhid, nlayers, nonlinearity=nonlinearity, dropout=dropout)
        self.decoder = nn.Linear(nhid, ntoken)
        if tie_weights:
            if nhid != ninp:
                raise ValueError("When using the tied flag, nhid must be equal to emsize")
            self.decoder.weight = self.encoder.weight
        self.init_weights()
        self.rnn_type = rnn_type
        self.nhid = nhid
        self.nlayers = nlayers

    def init_weights(self):
        initrange = 0.1
        nn.init.uniform_(self.encoder.weight, -initrange, initrange)
        nn.init.zeros_(self.decoder.bias)
        nn.init.uniform_(self.decoder.weight, -initrange, initrange)

    def forward(self, input, hidden=None):
        if hidden is None:
            hidden = self.init_hidden(input.size(1))
        emb = self.drop(self.encoder(input))
        output, hidden = self.rnn(emb, hidden)
        output = self.drop(output)
        decoded = self.decoder(output)
        decoded = decoded.view(-1, self.ntoken)
        return F.log_softmax(decoded, dim=1), hidden

    def init_hidden(self, bsz):
        weight = next(self.parameters())
        if self.rnn_type == "LSTM":
            return (
                weight.new_zeros(self.nlayers, bsz, self.nhid),
                weight.new_zeros(self.nlayers, bsz, self.nhid),
            )
        else:
            return weight.new_zeros(self.nlayers, bsz, self.nhid)


def repackage_hidden(h):
    """Wraps hidden states in new Tensors, to detach them from their history."""
    if isinstance(h, torch.Tensor):
        return h.detach()
    else:
        return tuple(repackage_hidden(v) for v in h)


class AttentionSeq2Seq(nn.Module):
    """GRU encoder, additive attention, teacher forcing step by step with a cell."""

    def __init__(self, vocab_size=20, hidden_size=10, max_length=5):
        super(AttentionSeq2Seq, self).__init__()
        self.hidden_size = hidden_size
        self.max_length = max_length
        self.embedding = nn.Embedding(vocab_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, bidirectional=True)
        self.cell = nn.GRUCell(hidden_size * 2, hidden_size)
        self.Wa = nn.Linear(hidden_size, hidden_size)
        self.Ua = nn.Linear(hidden_size, hidden_size)
        self.Va = nn.Linear(hidden_size, 1)
        self.out = nn.Linear(hidden_size, vocab_size)

    def forward(self, source, target):
        embedded = self.embedding(source).permute(1, 0, 2)
        outputs, hidden = self.gru(embedded)
        outputs = (outputs[:, :, : self.hidden_size] + outputs[:, :, self.hidden_size :]).transpose(0, 1)
        hidden = torch.tanh(hidden[0] + hidden[1])
        steps, weights = [], []
        keys = self.Ua(outputs)
        for t in range(target.shape[1]):
            scores = self.Va(torch.tanh(self.Wa(hidden.unsqueeze(1)) + keys))
            attention = F.softmax(scores.squeeze(2), dim=-1)
            context = torch.bmm(attention.unsqueeze(1), outputs).squeeze(1)
            hidden = self.cell(torch.cat((self.embedding(target[:, t]), context), dim=-1), hidden)
            steps.append(self.out(hidden))
            weights.append(attention)
        return torch.stack(steps, dim=1), torch.stack(weights, 1)


class TextCNN(nn.Module):
    def __init__(self, vocab_size=30, embedding_dim=8, n_filters=4, filter_sizes=(2, 3, 4), output_dim=3, dropout=0.0):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=1)
        self.convs = nn.ModuleList(
            [nn.Conv2d(in_channels=1, out_channels=n_filters, kernel_size=(fs, embedding_dim)) for fs in filter_sizes]
        )
        self.fc = nn.Linear(len(filter_sizes) * n_filters, output_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, text):
        embedded = self.embedding(text).unsqueeze(1)
        conved = [F.relu(conv(embedded)).squeeze(3) for conv in self.convs]
        pooled = [F.max_pool1d(conv, conv.shape[2]).squeeze(2) for conv in conved]
        cat = self.dropout(torch.cat(pooled, dim=1))
        return self.fc(cat)


class BagOfWords(nn.Module):
    def __init__(self, vocab_size=30, embed_dim=6, num_class=4):
        super(BagOfWords, self).__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embed_dim, sparse=False)
        self.fc = nn.Linear(embed_dim, num_class)
        self.init_weights()

    def init_weights(self):
        initrange = 0.5
        self.embedding.weight.data.uniform_(-initrange, initrange)
        self.fc.weight.data.uniform_(-initrange, initrange)
        self.fc.bias.data.zero_()

    def forward(self, text, offsets):
        embedded = self.embedding(text, offsets)
        return self.fc(embedded)
