"""FP32 sum all-reduce with Gloo on loopback: allreduce_gloo.py PROCESSES BYTES; prints microseconds of one, on the slowest process."""
import os
import sys
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as processes

SECONDS = 1.0


def work(rank, world, size, port):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world)
    values = torch.full((size // 4,), float(rank + 1))
    dist.all_reduce(values)
    assert abs(values[-1].item() - world * (world + 1) / 2) < 1e-3
    values.zero_()
    dist.barrier()
    start = time.perf_counter()
    for _ in range(3):
        dist.all_reduce(values)
    count = torch.tensor([max(4.0, min(2000.0, 3 * SECONDS / (time.perf_counter() - start)))])
    dist.all_reduce(count, op=dist.ReduceOp.MIN)
    dist.barrier()
    start = time.perf_counter()
    for _ in range(int(count.item())):
        dist.all_reduce(values)
    taken = torch.tensor([(time.perf_counter() - start) / int(count.item()) * 1e6])
    dist.all_reduce(taken, op=dist.ReduceOp.MAX)
    if rank == 0:
        print(taken.item())
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    os.environ["OMP_NUM_THREADS"] = "1"
    arguments = (int(sys.argv[1]), int(sys.argv[2]), 20000 + os.getpid() % 20000)
    processes.spawn(work, args=arguments, nprocs=arguments[0])
