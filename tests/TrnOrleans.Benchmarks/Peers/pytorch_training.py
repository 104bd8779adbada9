#!/usr/bin/python3
"""Training steps in PyTorch, FP32: the networks, batches and optimizers that TrnOrleans is held against.

usage: pytorch_training.py gpt-nano|gpt-mini|mlp-sgd|mlp-adamw --threads T [--processes P] [--steps N]

Prints the median rate over the steps, tokens or samples a second. More than one process: DistributedDataParallel over Gloo on
127.0.0.1, the same global batch split over them. Samples are random: the rate does not depend on them.
"""
import argparse
import os
import statistics
import time

parser = argparse.ArgumentParser()
parser.add_argument("network")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--processes", type=int, default=1)
parser.add_argument("--steps", type=int, default=40)
parser.add_argument("--port", type=int, default=29617)
options = parser.parse_args()
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(options.threads)
# Older OpenBLAS and PyTorch take newer processors for very old ones.
os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx512")
os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")

import torch
import torch.distributed
import torch.nn as nn
import torch.nn.functional as F

GPT = {"gpt-nano": dict(layers=4, heads=4, width=128, context=64, batch=12), "gpt-mini": dict(layers=6, heads=6, width=384, context=256, batch=8)}
VOCABULARY = 65


class Block(nn.Module):
    def __init__(self, heads, width, context):
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.output = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        # A plain attribute: Gloo cannot broadcast buffers of bool.
        self.hidden = torch.tril(torch.ones(context, context)).view(1, 1, context, context) == 0

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = (p.view(b, t, self.heads, c // self.heads).transpose(1, 2) for p in self.qkv(self.norm1(x)).split(c, dim=2))
        scores = (q @ k.transpose(-2, -1) * (c // self.heads) ** -0.5).masked_fill(self.hidden, float("-inf"))
        x = x + self.output((F.softmax(scores, dim=-1) @ v).transpose(1, 2).contiguous().view(b, t, c))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, layers, heads, width, context, batch):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, width), nn.Embedding(context, width)
        self.blocks = nn.ModuleList([Block(heads, width, context) for _ in range(layers)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, VOCABULARY, bias=False)
        self.tokens.weight = self.head.weight
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0, 0.02)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)).view(-1, VOCABULARY)


def worker(rank):
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    text = options.network in GPT
    if text:
        shape = GPT[options.network]
        batch, rows = shape["batch"] // options.processes, shape["batch"] * shape["context"]
        network = Gpt(**shape)
    else:
        batch, rows = 256 // options.processes, 256
        network = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
        images, labels = torch.rand(60000, 784), torch.randint(10, (60000,))
    model = network
    if options.processes > 1:
        torch.distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{options.port}", rank=rank, world_size=options.processes)
        model = nn.parallel.DistributedDataParallel(network)
    optimizer = torch.optim.SGD(model.parameters(), 0.1) if options.network == "mlp-sgd" else torch.optim.AdamW(model.parameters(), 1e-3)
    seconds = []
    for step in range(options.steps + 5):
        start = time.perf_counter()
        if text:
            x, y = torch.randint(VOCABULARY, (2, batch, shape["context"]))
        else:
            chosen = torch.randint(60000, (batch,))
            x, y = images[chosen], labels[chosen]
        loss = F.cross_entropy(model(x), y.view(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        loss.item()
        if step >= 5:
            seconds.append(time.perf_counter() - start)
    if rank == 0:
        print(rows / statistics.median(seconds), flush=True)
    if options.processes > 1:
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    if options.processes == 1:
        worker(0)
    else:
        import torch.multiprocessing
        torch.multiprocessing.spawn(worker, nprocs=options.processes, join=True)
