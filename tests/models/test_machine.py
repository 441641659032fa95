"""The probe reads what there is, and says None where there is nothing."""

import dataclasses
import os
import sys
from pathlib import Path

import pytest

from auricle.models import machine

CPUINFO = """processor\t: 0
model name\t: Fast CPU 9000
physical id\t: 0
core id\t\t: 0
flags\t\t: fpu sse avx avx2 fma avx512f avx512_vnni amx_tile avx_vnni

processor\t: 1
model name\t: Fast CPU 9000
physical id\t: 0
core id\t\t: 0
flags\t\t: fpu
"""


def tree(root: Path, **files: str) -> Path:
    """Files below a root; in the names, "__" stands for a slash and "_DOT_" for a dot."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_this_machine(tmp_path):
    found = machine.probe()
    assert found.python.startswith(sys.version.split()[0])
    assert 1 <= found.usable_cores <= found.logical_cores <= (os.cpu_count() or 1)
    assert found.versions["ctranslate2"] and found.versions["numpy"]
    assert "float32" in found.compute_types["cpu"] and found.cuda_devices >= 0
    assert found.cache == tmp_path / "auricle-cache" and found.cache_writable and not found.cache.exists()
    assert found.free_disk and found.free_disk > 0
    assert found.offline in (True, False) and found.hugging_face_token in (True, False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.cpu = "other"  # type: ignore[misc]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_this_linux():
    total, available = machine.memory()
    assert total and available and 0 < available <= total
    assert machine.instruction_sets() is not None


def test_a_token_is_only_told_to_be_there(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    found = machine.probe()
    assert found.hugging_face_token is True and "hf_secret" not in repr(found)


def test_processor(tmp_path):
    root = tree(tmp_path, proc__cpuinfo=CPUINFO)
    assert machine.cpu_name(root) == "Fast CPU 9000"
    assert machine.physical_cores(root) == 1
    sets = machine.instruction_sets(root)
    assert sets == ("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_tile")


def test_an_arm_processor(tmp_path):
    root = tree(tmp_path, proc__cpuinfo="processor\t: 0\nFeatures\t: fp asimd asimddp sve\n")
    assert machine.instruction_sets(root) == ("asimd", "asimddp", "sve")
    assert machine.physical_cores(root) is None


def test_a_system_without_proc(tmp_path):
    assert machine.instruction_sets(tmp_path) is None
    assert machine.physical_cores(tmp_path) is None
    assert machine.cpu_quota(tmp_path) is None
    assert machine.memory(tmp_path)[1] is None


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"sys__fs__cgroup__cpu_DOT_max": "250000 100000\n"}, 2.5),
        ({"sys__fs__cgroup__cpu_DOT_max": "max 100000\n"}, None),
        (
            {
                "sys__fs__cgroup__cpu__cpu_DOT_cfs_quota_us": "50000\n",
                "sys__fs__cgroup__cpu__cpu_DOT_cfs_period_us": "100000\n",
            },
            0.5,
        ),
        (
            {
                "sys__fs__cgroup__cpu__cpu_DOT_cfs_quota_us": "-1\n",
                "sys__fs__cgroup__cpu__cpu_DOT_cfs_period_us": "100000\n",
            },
            None,
        ),
    ],
)
def test_cpu_quota(tmp_path, files, quota):
    assert machine.cpu_quota(tree(tmp_path, **files)) == quota


@pytest.mark.parametrize(("quota", "cores"), [(None, 8), (2.5, 2), (0.5, 1), (64.0, 8)])
def test_usable_cores(quota, cores):
    found = dataclasses.replace(machine.probe(), logical_cores=8, cpu_quota=quota)
    assert found.usable_cores == cores


def test_memory(tmp_path):
    root = tree(tmp_path, proc__meminfo="MemTotal:  8000 kB\nMemFree: 1 kB\nMemAvailable:  3000 kB\n")
    assert machine.memory(root) == (8000 * 1024, 3000 * 1024)
    limited = {"sys__fs__cgroup__memory_DOT_max": "2048000", "sys__fs__cgroup__memory_DOT_current": "1024000"}
    assert machine.memory(tree(root, **limited)) == (2048000, 1024000)
    assert machine.memory(tree(root, sys__fs__cgroup__memory_DOT_max="max")) == (8000 * 1024, 3000 * 1024)


def test_versions_name_what_auricle_requires(monkeypatch):
    monkeypatch.setattr(
        "importlib.metadata.requires", lambda name: ["click>=8.2", 'nothing-here[x]; extra == "a"']
    )
    found = machine.versions()
    assert found["click"] and found["nothing-here"] is None and "auricle" in found


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert machine.probe().cache_writable is False


def test_a_driver_that_cannot_be_asked(monkeypatch):
    import ctranslate2

    def broken():
        raise RuntimeError("CUDA driver version is insufficient")

    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", broken)
    assert machine.probe().cuda_devices == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for NVIDIA's tool")
@pytest.mark.parametrize(
    ("prints", "found"),
    [
        (
            "NVIDIA H100 80GB HBM3, 81559\\nNVIDIA L4, 23034\\n",
            [("NVIDIA H100 80GB HBM3", 81559), ("NVIDIA L4", 23034)],
        ),
        ("NVIDIA-SMI has failed because it could not talk to the driver\\n", []),
    ],
)
def test_gpus_are_those_that_nvidia_lists(tmp_path, monkeypatch, prints, found):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\nprintf '{prints}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert [(gpu.name, gpu.memory // 2**20) for gpu in machine.gpus()] == found


def test_no_gpu_without_the_tool(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.gpus() == ()


def test_peak_memory_is_that_of_this_program():
    peak = machine.peak_memory()
    assert peak is None or 10e6 < peak < 100e9
