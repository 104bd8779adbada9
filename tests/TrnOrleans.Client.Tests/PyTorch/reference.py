"""GPT-2 and Llama in plain PyTorch, from safetensors with Hugging Face's names: the second implementation that the console is held against.

usage: reference.py start CONFIG.json OUT.safetensors          random weights of the network that the config.json describes
       reference.py train CONFIG.json WEIGHTS TEXT STEPS BATCH losses of training steps, AdamW, batches in sequential order
       reference.py evaluate CONFIG.json WEIGHTS TEXT          mean loss over the validation windows
Prints one JSON list of losses.
"""
import json
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F


def read(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    out = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        assert entry["dtype"] == "F32"
        array = np.frombuffer(data[8 + size + begin:8 + size + end], dtype="<f4").reshape(entry["shape"])
        out[name] = torch.tensor(array.copy(), requires_grad=True)
    return out


def write(path, tensors):
    header, offset, blobs = {}, 0, []
    for name, tensor in tensors.items():
        blob = tensor.numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(blob)]}
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def llama_shapes(c):
    width, head = c["hidden_size"], c["hidden_size"] // c["num_attention_heads"]
    yield "model.embed_tokens.weight", (c["vocab_size"], width)
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        yield p + "self_attn.q_proj.weight", (c["num_attention_heads"] * head, width)
        yield p + "self_attn.k_proj.weight", (c["num_key_value_heads"] * head, width)
        yield p + "self_attn.v_proj.weight", (c["num_key_value_heads"] * head, width)
        yield p + "self_attn.o_proj.weight", (width, c["num_attention_heads"] * head)
        yield p + "mlp.gate_proj.weight", (c["intermediate_size"], width)
        yield p + "mlp.up_proj.weight", (c["intermediate_size"], width)
        yield p + "mlp.down_proj.weight", (width, c["intermediate_size"])
        yield p + "input_layernorm.weight", (width,)
        yield p + "post_attention_layernorm.weight", (width,)
    yield "model.norm.weight", (width,)
    yield "lm_head.weight", (c["vocab_size"], width)


def attention(q, k, v):
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    mask = torch.triu(torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool), 1)
    return F.softmax(scores.masked_fill(mask, float("-inf")), -1) @ v


def heads(x, count):
    b, t, width = x.shape
    return x.view(b, t, count, width // count).transpose(1, 2)


def merge(x):
    b, h, t, d = x.shape
    return x.transpose(1, 2).reshape(b, t, h * d)


def llama(c, w, tokens):
    n, kv, eps = c["num_attention_heads"], c["num_key_value_heads"], c["rms_norm_eps"]
    norm = lambda x, name: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * w[name]
    head = c["hidden_size"] // n
    t = tokens.shape[1]
    frequencies = c["rope_theta"] ** (-torch.arange(0, head, 2, dtype=torch.float64) / head)
    angles = torch.outer(torch.arange(t, dtype=torch.float64), frequencies)
    angles = torch.cat([angles, angles], -1)
    cos, sin = angles.cos().float(), angles.sin().float()

    def turn(x):
        first, second = x[..., :head // 2], x[..., head // 2:]
        return x * cos + torch.cat([-second, first], -1) * sin

    x = w["model.embed_tokens.weight"][tokens]
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        y = norm(x, p + "input_layernorm.weight")
        q = turn(heads(y @ w[p + "self_attn.q_proj.weight"].T, n))
        k = turn(heads(y @ w[p + "self_attn.k_proj.weight"].T, kv))
        v = heads(y @ w[p + "self_attn.v_proj.weight"].T, kv)
        k, v = k.repeat_interleave(n // kv, 1), v.repeat_interleave(n // kv, 1)
        x = x + merge(attention(q, k, v)) @ w[p + "self_attn.o_proj.weight"].T
        y = norm(x, p + "post_attention_layernorm.weight")
        hidden = F.silu(y @ w[p + "mlp.gate_proj.weight"].T) * (y @ w[p + "mlp.up_proj.weight"].T)
        x = x + hidden @ w[p + "mlp.down_proj.weight"].T
    return norm(x, "model.norm.weight") @ w["lm_head.weight"].T


def gpt2(c, w, tokens):
    norm = lambda x, name: F.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], c["layer_norm_epsilon"])
    linear = lambda x, name: x @ w[name + ".weight"] + w[name + ".bias"]  # Conv1D: in x out
    x = w["transformer.wte.weight"][tokens] + w["transformer.wpe.weight"][:tokens.shape[1]]
    for i in range(c["n_layer"]):
        p = f"transformer.h.{i}."
        q, k, v = linear(norm(x, p + "ln_1"), p + "attn.c_attn").chunk(3, -1)
        x = x + linear(merge(attention(*(heads(part, c["n_head"]) for part in (q, k, v)))), p + "attn.c_proj")
        x = x + linear(F.gelu(linear(norm(x, p + "ln_2"), p + "mlp.c_fc"), approximate="tanh"), p + "mlp.c_proj")
    return norm(x, "transformer.ln_f") @ w["transformer.wte.weight"].T


def main():
    torch.set_num_threads(1)
    command, config = sys.argv[1], json.load(open(sys.argv[2]))
    model = llama if "LlamaForCausalLM" in config["architectures"] else gpt2
    if command == "start":
        torch.manual_seed(5)
        write(sys.argv[3], {name: torch.ones(shape) + 0.1 * torch.randn(shape) if len(shape) == 1 else 0.1 * torch.randn(shape)
                            for name, shape in llama_shapes(config)})
        return
    weights = read(sys.argv[3])
    text = open(sys.argv[4], encoding="utf-8").read()
    number = {c: i for i, c in enumerate(sorted(set(text)))}
    data = torch.tensor([number[c] for c in text])
    split = int(len(data) * 0.9)
    context = config.get("max_position_embeddings") or config["n_positions"]

    def loss(stream, starts):
        x = torch.stack([stream[s:s + context] for s in starts])
        y = torch.stack([stream[s + 1:s + 1 + context] for s in starts])
        logits = model(config, weights, x)
        return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))

    if command == "evaluate":
        validation = data[split:]
        with torch.no_grad():
            values = [loss(validation, [s]).item() for s in range(0, (len(validation) - 1) // context * context, context)]
        print(json.dumps([sum(values) / len(values)]))
        return
    train, steps, batch = data[:split], int(sys.argv[5]), int(sys.argv[6])
    optimizer = torch.optim.AdamW(weights.values(), lr=1e-3, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)
    losses = []
    for step in range(steps):
        starts = [(step * batch * context + row * context) % (split - context - 1) for row in range(batch)]
        value = loss(train, starts)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(value.item())
    print(json.dumps(losses))


main()
