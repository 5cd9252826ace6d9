"""Count what a synchronisation did, and say it in a few lines."""

from dataclasses import dataclass, field


@dataclass
class SyncSummary:
    """Count what happened to the runs, and tell what could not be done."""

    created: int = 0
    completed: int = 0
    unchanged: int = 0
    interrupted: int = 0
    without_record: int = 0
    notes: list[str] = field(default_factory=list)

    def count(self, created: bool, changed: bool) -> None:
        """Count one run.

        Args:
            created: whether it was missing.
            changed: whether anything was added to it.
        """
        self.created += created
        self.completed += changed and not created
        self.unchanged += not changed and not created

    def add(self, other: "SyncSummary") -> None:
        """Add another's counts and notes.

        Args:
            other: of the same store.
        """
        self.created += other.created
        self.completed += other.completed
        self.unchanged += other.unchanged
        self.interrupted += other.interrupted
        self.without_record += other.without_record
        self.notes += other.notes

    def __str__(self) -> str:
        """Return one line, and one more per note."""
        counts = f"{self.created} created, {self.completed} completed, {self.unchanged} up to date"
        if self.interrupted:
            counts += f", {self.interrupted} marked as killed"
        notes = list(self.notes)
        if self.without_record:
            notes.append(
                f"speed and environment of {self.without_record} runs are not known here: "
                "the machine that trained them keeps them in .hbir/records"
            )
        return "\n".join([f"MLflow runs: {counts}", *(f"  {note}" for note in notes)])
