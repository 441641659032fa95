"""Several workers on one list of jobs."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Worker = TypeVar("Worker")
Job = TypeVar("Job")
Result = TypeVar("Result")


class Crew(Generic[Worker]):
    """Workers of which each does one job at a time, whoever asks: callers may be many threads."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self.size = len(workers)
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in workers:
            self._idle.put(worker)

    def map(self, work: Callable[[Worker, Job], Result], jobs: Sequence[Job]) -> Iterable[Result]:
        """Do all jobs; results in their order."""
        if self.size == 1 or len(jobs) < 2:
            return [self._one(work, job) for job in jobs]
        with ThreadPoolExecutor(self.size, thread_name_prefix="auricle-worker") as pool:
            return list(pool.map(lambda job: self._one(work, job), jobs))

    def _one(self, work: Callable[[Worker, Job], Result], job: Job) -> Result:
        worker = self._idle.get()
        try:
            return work(worker, job)
        finally:
            self._idle.put(worker)
