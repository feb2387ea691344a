"""What every command pays for before it does anything."""

import subprocess
import sys


def test_no_command_loads_the_kafka_client_before_it_needs_it():
    asked = "import sys, console.main; print('aiokafka' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert said.stdout == "False\n"
