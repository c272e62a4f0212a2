"""How much memory a stage may take: beyond it the stage fails, and the machine goes on."""

import resource

MOST_MEMORY = 8 * 2**30


def limit_memory() -> None:
    """From now on this process is given no more."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
