"""What can go wrong in a way that a user can mend: one clear line each, saying what to do.

Errors of a layer of their own (a source that refuses, say) derive from these in that layer.
A bug is no `PipelineError`: it keeps its traceback.
"""


class PipelineError(Exception):
    """Something outside the code is wrong. The message is one line that says what to do."""

    def __init__(self, message: str) -> None:
        # Libraries whose words are passed on do not keep to one line.
        super().__init__(" ".join(message.split()))


class UsageError(PipelineError):
    """The call itself is wrong (an unknown event, season, horizon or setting): exit code 2."""


class SourceError(PipelineError):
    """A source is missing, unreadable or not what it should be."""


class StorageError(PipelineError):
    """The database or a folder cannot be reached, read or written."""


class ContractError(PipelineError):
    """A whole frame breaks its contract, and no single row is to blame."""
