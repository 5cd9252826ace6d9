"""Define the errors that a user can act on: what was expected, what was found, where, and what to do next."""

LONGEST = 700
"""Characters shown of what was found: a broken file may have a line of any length."""
_CONTROLS = dict.fromkeys([*range(32), *range(127, 160)], " ")
"""Characters that end the line, or that a terminal obeys: what was found may be anybody's."""


class HbirError(Exception):
    """Report a problem that the user can mend.

    The command line turns it into one line and exit code 1; every other exception propagates.
    """

    def __init__(self, *, where: str, expected: str, found: str, hint: str) -> None:
        """Keep the four parts of the message.

        Args:
            where: the file, key, stage or row in question.
            expected: what would have been right.
            found: what was there instead.
            hint: what to do next, one imperative sentence.
        """
        super().__init__(where, expected, found, hint)
        self.where = where
        self.expected = expected
        self.found = found
        self.hint = hint

    def __str__(self) -> str:
        """Return the message in one line, with the beginning alone of what was found where that is long."""
        found = self.found if len(self.found) <= LONGEST else f"{self.found[:LONGEST]}…"
        return f"{self.where}: expected {self.expected}, found {found}. {self.hint}".translate(_CONTROLS)

    def __reduce__(self) -> tuple[object, ...]:
        """Allow pickling in spite of keyword-only arguments."""
        return _rebuild, (type(self), self.where, self.expected, self.found, self.hint)


def _rebuild(kind: type[HbirError], where: str, expected: str, found: str, hint: str) -> HbirError:
    return kind(where=where, expected=expected, found=found, hint=hint)


class ParamsError(HbirError):
    """Report a wrong entry of params.yaml or of a command line."""


class LanguageError(HbirError):
    """Report a language that is unknown or has no templates."""


class DataError(HbirError):
    """Report a file whose content is not what its format says."""


class PlanError(HbirError):
    """Report a batch plan that cannot be made or does not fit its pairs."""


class ModelError(HbirError):
    """Report a model folder or id that cannot be used."""


class TrainingError(HbirError):
    """Report a training run that must not go on."""


class TrackingError(HbirError):
    """Report an experiment store that cannot be reached or read."""


class RanksError(HbirError):
    """Report that one of several processes cannot go on, so that none can."""
