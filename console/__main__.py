"""`python -m console`: the same as `revmark`."""

from console.main import main

main()
