"""Train ``mini``: ``python -m training.mini.train --cache CACHE --out RUN --minutes 60``.

Stops at the end of its minutes or steps, on whichever device there is; a run
taken up again goes on from its last checkpoint. Several processes share the
work under ``torchrun --nproc-per-node 2 -m training.mini.train ...``.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import save_file
from torch import Tensor, nn

from art3d_node.models.mini import MiniDepth, load_mini
from art3d_node.models.mini_weights import FORMAT
from host_bridge.core.atomic import replacing
from training.mini.data import Batch, Cache, batches
from training.mini.losses import affine_invariant, gradient, ranking, wholeness_loss
from training.mini.mobilenet import load_encoder

SOURCES = {
    "film": 0.36, "cutouts": 0.10, "people": 0.05, "worlds": 0.05, "closeups": 0.14, "tables": 0.06, "stereo": 0.10,
    "scribbles": 0.14,
}  # fmt: skip
PROPORTION = {"scribbles": 0.0, "cutouts": 0.4, "people": 0.2}
_FROZEN_BLOCKS = 5
_SAVE_S = 180.0
_log = logging.getLogger(__name__)


def build(encoder_file: Path, start: Path | None) -> MiniDepth:
    """A fresh network, or one that goes on from weights; its earliest encoder blocks stay as ImageNet taught them."""
    if start is None:
        model = MiniDepth()
        load_encoder(model.encoder, encoder_file)
    else:
        model = load_mini(start).train()
    for part in (model.encoder.stem, *model.encoder.blocks[:_FROZEN_BLOCKS]):
        part.requires_grad_(False)
    return model


def optimiser(model: MiniDepth, *, rate: float) -> torch.optim.AdamW:
    """AdamW; the pretrained encoder moves at a quarter of the decoder's rate."""
    encoder = [p for p in model.encoder.parameters() if p.requires_grad]
    encoder_ids = {id(p) for p in model.encoder.parameters()}
    rest = [p for p in model.parameters() if id(p) not in encoder_ids]
    groups = [{"params": encoder, "base": rate / 4}, {"params": rest, "base": rate}]
    return torch.optim.AdamW(groups, lr=rate, weight_decay=0.01)


def loss(prediction: Tensor, batch: Batch, generator: torch.Generator) -> Tensor:
    """Proportions and edges where they are known, order everywhere, and that whole things stay whole."""
    order = ranking(prediction, batch.iz, batch.mask, generator=generator)
    shape = affine_invariant(prediction, batch.iz, batch.mask) + 0.5 * gradient(prediction, batch.iz, batch.mask)
    torn = wholeness_loss(prediction, batch.iz, batch.mask, batch.ids, generator=generator)
    return (order + (0.1 + 0.9 * batch.metric) * shape + 0.3 * torn).mean()


def _prefetch(source: Iterator[Batch], depth: int = 4) -> Iterator[Batch]:
    ready: queue.Queue[Batch] = queue.Queue(depth)

    def fill() -> None:
        for batch in source:
            ready.put(batch)

    threading.Thread(target=fill, daemon=True).start()
    while True:
        yield ready.get()


def _running_mean(mean: Tensor, new: Tensor, count: int | Tensor) -> Tensor:
    """Exponential mean over the last 500 steps, shorter at first so that the start is soon forgotten."""
    return mean + (new - mean) * max(0.002, 9 / (9 + float(count)))


def export(model: nn.Module, path: Path) -> None:
    """Write half-precision weights that :func:`art3d_node.models.mini.load_mini` reads."""
    state = {name: value.detach().cpu().half().contiguous() for name, value in model.state_dict().items()}
    with replacing(path) as partial:
        save_file(state, partial, metadata={"format": FORMAT})


def _schedule(opt: torch.optim.Optimizer, step: int, done: float) -> None:
    """Warm up over 50 steps, then a cosine over the whole of the run's time."""
    swing = min(1.0, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * min(1.0, done)))
    for group in opt.param_groups:
        group["lr"] = group["base"] * max(swing, 0.01)


def _agreed(done: float) -> float:
    """How far the run is, the same answer in every process, so that all stop together."""
    if not dist.is_initialized():
        return done
    value = torch.tensor([done])
    dist.all_reduce(value, dist.ReduceOp.MAX)
    return float(value)


def train(args: argparse.Namespace) -> None:
    """Run the loop; see the module's docstring."""
    rank = int(os.environ.get("RANK", "0"))
    if "RANK" in os.environ and not dist.is_initialized():
        dist.init_process_group("gloo")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(args.seed)
    model = build(args.encoder, args.weights).to(device).to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(model, avg_fn=_running_mean)
    opt, step, spent = optimiser(model, rate=args.rate), 0, 0.0
    checkpoint = args.out / "last.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        opt.load_state_dict(saved["optimiser"])
        step, spent = saved["step"], saved["spent"]
    estimate = nn.parallel.DistributedDataParallel(model) if dist.is_initialized() else model
    seed = args.seed + step + 7919 * rank
    cache, generator = Cache(args.cache), torch.Generator().manual_seed(seed)
    source = _prefetch(batches(cache, SOURCES, size=args.batch, seed=seed, proportion=PROPORTION))
    mean, count, start, done = 0.0, 0, time.perf_counter(), 0.0
    saved_at = start
    while done < 1 and step < args.steps:
        batch = next(source)
        done = _agreed((spent + time.perf_counter() - start) / (60 * args.minutes))
        _schedule(opt, step, done)
        moved = batch.to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=args.bfloat16 or device.type == "cuda"):
            prediction = estimate(moved.rgb.contiguous(memory_format=torch.channels_last))[:, 0]
        value = loss(prediction.float(), moved, generator)
        opt.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        average.update_parameters(model)
        step, count = step + 1, count + 1
        mean += (value.item() - mean) / min(count, 100)
        if rank == 0 and (time.perf_counter() - saved_at > _SAVE_S or done >= 1):
            saved_at = time.perf_counter()
            _log.info("step %d, %.0f %% of the time, loss %.3f", step, 100 * done, mean)
            elapsed = spent + time.perf_counter() - start
            state = {"model": model.state_dict(), "average": average.state_dict(), "optimiser": opt.state_dict()}
            torch.save({**state, "step": step, "spent": elapsed}, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)
            export(average.module, args.out / "mini.safetensors")


def main() -> None:
    models = Path("../shared/models/mobilenet_v2_imagenet/tf2_mobilenet_v2_1.0_224_ptq.tflite")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, default=models)
    parser.add_argument("--weights", type=Path, help="weights to go on from, instead of the encoder alone")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, default=10**9)
    parser.add_argument("--batch", type=int, default=10, help="pictures of 192 × 256 a step; larger ones count more")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true", help="for CPUs that have it; CUDA always does")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    args.out.mkdir(parents=True, exist_ok=True)
    train(args)


if __name__ == "__main__":
    main()
