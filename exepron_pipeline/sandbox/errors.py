"""What can go wrong when a sandbox is started or moved on.

Here belongs the one error of the sandbox's operation. Not here: what its HTTP side refuses
(``refusals.py``). It is not one of the pipeline's errors: the sandbox imports nothing of the pipeline.
"""


class SandboxError(Exception):
    """The sandbox cannot do what it was asked for.

    ``str(error)`` says what happened and where, ``error.hint`` what to do about it.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.hint = hint

    def __str__(self) -> str:
        return str(self.args[0])
