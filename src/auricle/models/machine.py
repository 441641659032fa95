"""What this machine can do: the facts that ``auricle doctor`` prints, and nothing judged.

Read from /proc and /sys where there is such a thing; a fact that cannot be read is None. Never
touches the network, loads no model.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from auricle import storage

T = TypeVar("T")

_ROOT = Path("/")
# The flags of /proc/cpuinfo that decide how fast CTranslate2 runs.
_FLAGS = (
    *("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni"),
    *("amx_tile", "amx_int8", "amx_bf16"),
    *("neon", "asimd", "asimddp", "sve"),
)
_SELF = "auricle"


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine as this process finds it. Memory and disk are bytes.

    ``logical_cores`` are those this process may use, ``cpu_quota`` the cores that its control group
    grants (2.5 is two and a half), both of which a container may set. ``compute_types`` holds the
    types that CTranslate2 runs well, for "cpu" and, with a GPU, "cuda". ``versions`` are those of
    Auricle and the packages it names, None where one is not installed.
    """

    system: str
    python: str
    cpu: str | None
    physical_cores: int | None
    logical_cores: int
    cpu_quota: float | None
    total_memory: int | None
    available_memory: int | None
    instruction_sets: tuple[str, ...] | None
    compute_types: Mapping[str, tuple[str, ...]]
    cuda_devices: int
    versions: Mapping[str, str | None]
    cache: Path
    cache_writable: bool
    free_disk: int | None
    hugging_face_cache: Path
    hugging_face_token: bool
    offline: bool

    @property
    def usable_cores(self) -> int:
        """Whole cores that work can be spread over: no more than the quota grants, at least one."""
        return _whole_cores(self.logical_cores, self.cpu_quota)


def probe() -> Machine:
    """Look at this machine. Takes some tenths of a second: CTranslate2 is loaded to be asked.

    Raises ImportError where huggingface-hub is missing; a missing CTranslate2 has no compute types.
    """
    from huggingface_hub import constants, get_token

    devices = _cuda_devices()
    cache = storage.cache_dir()
    total, available = memory()
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=f"{platform.python_version()} ({sys.executable})",
        cpu=cpu_name(),
        physical_cores=physical_cores(),
        logical_cores=logical_cores(),
        cpu_quota=cpu_quota(),
        total_memory=total,
        available_memory=available,
        instruction_sets=instruction_sets(),
        compute_types=MappingProxyType(_compute_types(devices)),
        cuda_devices=devices,
        versions=MappingProxyType(versions()),
        cache=cache,
        cache_writable=_writable(cache),
        free_disk=_attempt(lambda: shutil.disk_usage(_existing(cache)).free),
        hugging_face_cache=Path(constants.HF_HUB_CACHE),
        hugging_face_token=bool(_attempt(get_token)),
        offline=bool(constants.HF_HUB_OFFLINE),
    )


def cpu_name(root: Path = _ROOT) -> str | None:
    """What the maker calls the processor."""
    names = _cpuinfo(root, "model name") or [platform.processor()]
    return names[0] or None


def physical_cores(root: Path = _ROOT) -> int | None:
    """Cores of the whole machine, two threads of one counted once."""
    cores = zip(_cpuinfo(root, "physical id"), _cpuinfo(root, "core id"), strict=False)
    return len(set(cores)) or None


def logical_cores() -> int:
    """Threads of the processor that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cores() -> int:
    """Whole cores that this process may use."""
    return _whole_cores(logical_cores(), cpu_quota())


def _whole_cores(logical: int, quota: float | None) -> int:
    return max(1, min(logical, int(quota or logical)))


def cpu_quota(root: Path = _ROOT) -> float | None:
    """Cores that the control group grants (version 2, then 1); None where it sets no limit."""
    quota, _, period = _text(root / "sys/fs/cgroup/cpu.max").partition(" ")
    if not quota:
        quota = _text(root / "sys/fs/cgroup/cpu/cpu.cfs_quota_us")
        period = _text(root / "sys/fs/cgroup/cpu/cpu.cfs_period_us")
    if not quota.isdigit() or not period.strip().isdigit():
        return None
    return int(quota) / int(period)


def memory(root: Path = _ROOT) -> tuple[int | None, int | None]:
    """Total and available bytes, both no more than the control group grants."""
    fields = dict(re.findall(r"(\w+):\s+(\d+) kB", _text(root / "proc/meminfo")))
    total, available = (_kilobytes(fields.get(name)) for name in ("MemTotal", "MemAvailable"))
    if total is None:
        total = _attempt(lambda: os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    limit, used = _group_memory(root)
    if limit is None or total is None or limit >= total:
        return total, available
    free = max(0, limit - (used or 0))
    return limit, free if available is None else min(available, free)


def peak_memory(root: Path = _ROOT) -> int | None:
    """The most memory this process has held, in bytes.

    The kernel's own figure for this program; getrusage would count what the parent process held.
    """
    if match := re.search(r"VmHWM:\s+(\d+) kB", _text(root / "proc/self/status")):
        return int(match[1]) * 1024
    return _attempt(_largest_resident)


def _largest_resident() -> int:
    import resource  # not on Windows

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics processor: its name, and its memory in bytes."""

    name: str
    memory: int


def gpus() -> tuple[Gpu, ...]:
    """The GPUs that NVIDIA's own tool lists; none where the tool is not there or cannot say."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    done = _attempt(lambda: subprocess.run(query, capture_output=True, text=True, timeout=20, check=False))
    rows = re.findall(r"^(.+), (\d+)$", done.stdout if done else "", re.MULTILINE)
    return tuple(Gpu(name.strip(), int(mebibytes) * 2**20) for name, mebibytes in rows)


def instruction_sets(root: Path = _ROOT) -> tuple[str, ...] | None:
    """Which of the instruction sets that matter here the processor has; None where nobody says."""
    lines = _cpuinfo(root, "flags") or _cpuinfo(root, "Features")
    if not lines:
        return None
    present = set(lines[0].split())
    return tuple(flag for flag in _FLAGS if flag in present)


def versions() -> dict[str, str | None]:
    """Auricle and every package that it requires, extras included → installed version or None."""
    from importlib import metadata

    try:
        required = metadata.requires(_SELF) or []
    except metadata.PackageNotFoundError:
        required = []
    names = dict.fromkeys(
        [_SELF, *map(_package, required), "ctranslate2", "openvino", "numpy", "huggingface-hub"]
    )
    return {name: _version(name) for name in names}


def _package(requirement: str) -> str:
    """The name that a requirement such as "click>=8.2; extra == 'all'" begins with."""
    match = re.match(r"[\w.-]+", requirement)
    return match.group() if match else requirement


def _version(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def has_cuda() -> bool:
    """Whether there is a GPU that CTranslate2 can use. Where there is no driver it is not even asked."""
    driver = any(Path(path).exists() for path in ("/proc/driver/nvidia", "/dev/dxg"))
    return (driver or shutil.which("nvidia-smi") is not None) and _cuda_devices() > 0


def _cuda_devices() -> int:
    """GPUs that CTranslate2 can use; 0 where its driver, or it itself, cannot even be asked."""
    with contextlib.suppress(RuntimeError, ImportError, OSError):
        import ctranslate2

        return int(ctranslate2.get_cuda_device_count())
    return 0


def _compute_types(devices: int) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for device in ("cpu", "cuda") if devices else ("cpu",):
        with contextlib.suppress(RuntimeError, ValueError, ImportError, OSError):
            import ctranslate2

            found[device] = tuple(sorted(ctranslate2.get_supported_compute_types(device)))
    return found


def _cpuinfo(root: Path, key: str) -> list[str]:
    """All values of a key, one a processor; the keys stand before tabs and a colon."""
    return re.findall(rf"^{key}\s*: (.*)$", _text(root / "proc/cpuinfo"), re.MULTILINE)


def _group_memory(root: Path) -> tuple[int | None, int | None]:
    """Limit and use of the control group in bytes (version 2, then 1); "max" is no limit."""
    group = root / "sys/fs/cgroup"
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        if (text := _text(group / limit)).isdigit():
            use = _text(group / used)
            return int(text), int(use) if use.isdigit() else None
    return None, None


def _kilobytes(text: str | None) -> int | None:
    return None if text is None else int(text) * 1024


def _text(path: Path) -> str:
    """A small file's text without the last newline; empty where it cannot be read."""
    try:
        return path.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""


def _writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or in the one that would hold it; makes neither."""
    return os.access(_existing(folder), os.W_OK | os.X_OK)


def _existing(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    return _first((path for path in (folder, *folder.parents) if path.is_dir()), Path.cwd())


def _first(items: Iterable[T], otherwise: T) -> T:
    return next(iter(items), otherwise)


def _attempt(ask: Callable[[], T]) -> T | None:
    """The answer, or None where the system cannot give one."""
    try:
        return ask()
    except (OSError, ValueError, AttributeError, ImportError, subprocess.SubprocessError):
        return None
