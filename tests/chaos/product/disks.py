"""Small disks for workers and brokers, to be filled.

One is a tmpfs, which takes root on Linux; where none can be mounted the faults that need it are not played.
"""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["NEEDS", "SmallDisk"]

NEEDS = {"disk": "workers", "broker_disk": "brokers"}  # whose disk a fault fills


class SmallDisk:
    """A disk that can be filled to its last byte."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def mount(cls, folder: Path, mib: int, stack: ExitStack) -> "SmallDisk | None":
        """Mount one of so many MiB at a new folder, until the stack ends; None where that may not be done."""
        folder.mkdir(parents=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "chaos", str(folder)]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own command
        if done.returncode:
            return None
        stack.callback(subprocess.run, ["umount", "-l", str(folder)], check=False)
        return cls(folder)

    @contextmanager
    def full(self) -> Iterator[None]:
        """No byte is left on it while the block runs."""
        filler = self._folder / "filler"
        with filler.open("wb", buffering=0) as out:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while out.write(b"\0" * size):
                        pass
                except OSError:
                    continue
        try:
            yield
        finally:
            filler.unlink()
