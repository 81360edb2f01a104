"""The devices, precision and processes that a run is computed with, as a Lightning Fabric."""

import logging
import warnings

from lightning.fabric import Fabric
from lightning.fabric.strategies.ddp import DDPStrategy
from lightning.fabric.strategies.strategy import Strategy
from torch import distributed

from asc.accelerator import set_up
from asc.training_settings import Precision


def make_fabric(accelerator: str, precision: Precision = "32-true", world_size: int = 1) -> Fabric:
    """Return a launched Fabric: one process, or `world_size` that share each batch.

    The further processes are started as the same command; Fabric sets their ranks.

    Parameters
    ----------
    accelerator
        `cpu` or `cuda`.
    precision
        Of the forward and backward pass.
    """
    set_up(accelerator)
    for name in ("lightning.fabric", "lightning.pytorch"):  # what they say of precision and ranks is known here
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    strategy: Strategy | str = "auto"
    if world_size > 1:
        strategy = DDPStrategy(process_group_backend="gloo" if accelerator == "cpu" else "nccl")
    fabric = Fabric(accelerator=accelerator, devices=world_size, strategy=strategy, precision=precision)
    fabric.launch()
    return fabric


def end_processes(fabric: Fabric) -> None:
    """Wait for the other processes that shared a run, and end their group.

    A process that exits while threads of the group still run may be aborted, and the others are killed with it.
    """
    if distributed.is_initialized():
        fabric.barrier()
        distributed.destroy_process_group()
