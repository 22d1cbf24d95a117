"""`python -m cluster.scheduler` prints the transition table for docs/ARCHITECTURE.md."""

from cluster.scheduler.states import transition_table

print(transition_table(), end="")
