"""``python -m crisis``: the command line."""

from crisis.cli.app import main

main()
