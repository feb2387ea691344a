"""Stands between Revmark and one Java process, so that the Java process never outlives Revmark.

Run as a script, with the command to keep as its arguments. Its standard input is a pipe whose other end only
the starter holds: when that closes, because the starter asked or because it died of anything at all, the
command is asked to stop, then killed. (A parent-death signal alone will not do: Linux sends it when the
starting *thread* ends.) Standard library only, and nothing of Revmark: it must start in milliseconds.
"""

import signal
import subprocess
import sys
import threading

PATIENCE = 10.0  # seconds a broker gets to write its checkpoints; one alone takes about one
KILL = signal.SIGUSR1  # sent to the keeper: kill the command at once, and end when it is gone, its ports with it
PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def _die_with_keeper() -> None:
    """Ask Linux to kill this process when the keeper is killed: its main thread lives as long as it."""
    import ctypes  # noqa: PLC0415 - only needed here, in the child

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def keep(command: list[str]) -> int:
    """Run the command until it ends or standard input closes; return its exit code."""
    on_linux = sys.platform == "linux"
    child = subprocess.Popen(  # noqa: S603 - the command is the starter's own
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=_die_with_keeper if on_linux else None,  # noqa: PLW1509 - no threads yet in this process
    )

    def stop_when_let_go() -> None:
        sys.stdin.buffer.read()
        child.terminate()
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()

    signal.signal(KILL, lambda *_: child.kill())
    threading.Thread(target=stop_when_let_go, daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))
