"""Two processes see the data once, and learn what one learns with the doubled batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")


def losses(folder: Path) -> list[float]:
    story = json.loads((folder / "auricle.json").read_text("utf-8"))
    return [row["loss"] for row in story["history"] if "loss" in row]


@pytest.mark.slow
def test_two_processes_learn_what_one_does(recipe: dict[str, Any], tmp_path: Path) -> None:
    """gloo on the processor: the loss of each step within 2 % of that of one process."""
    source = str(Path(__file__).parents[3] / "src")
    found = {}
    for count, batch in ((1, 4), (2, 2)):
        made = {
            **recipe,
            "output": str(tmp_path / f"by{count}"),
            "training": {**recipe["training"], "batch_size": batch, "max_steps": 4, "timestamps": 0.0},
            "data": {**recipe["data"], "mask": False},
            "trainer": {"logging_steps": 1, **({"ddp_backend": "gloo"} if count > 1 else {})},
        }
        path = tmp_path / f"{count}.yaml"
        path.write_text(yaml.safe_dump(made))
        start = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29577"]
        subprocess.run(
            [sys.executable, *(start if count > 1 else []), "-m", "auricle", "finetune", str(path), "-q"],
            check=True,
            env={**os.environ, "PYTHONPATH": source, "OMP_NUM_THREADS": "1"},
        )
        found[count] = losses(tmp_path / f"by{count}")
    assert len(found[1]) == 4
    assert found[2] == pytest.approx(found[1], rel=0.02)
