"""What needs the virtual machine is collected in there alone: `make test-vm`."""

from pathlib import Path

# The board's socket is where it is in there, and nowhere else.
collect_ignore = [] if Path("/run/board").exists() else ["guest"]
