"""Drain3 with our mask: the slow, obvious reference for groups of lines."""

from __future__ import annotations

from collections.abc import Iterable

from drain3.masking import MaskingInstruction
from drain3.template_miner import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig

from models.template.mask import DATE_PATTERN, PATTERN

OURS = (DATE_PATTERN, PATTERN)


class Reference:
    """Numbers and texts of templates as Drain3 gives them, with its default parameters."""

    def __init__(self, *masks: str) -> None:
        config = TemplateMinerConfig()
        config.masking_instructions = [MaskingInstruction(mask, "*") for mask in masks]
        self.miner = TemplateMiner(config=config)

    def learn_all(self, lines: Iterable[str]) -> list[int]:
        return [int(self.miner.add_log_message(line)["cluster_id"]) for line in lines]

    def texts(self) -> list[str]:
        return [cluster.get_template() for cluster in self.miner.drain.clusters]
