"""Draw the batches of a plan, part by part."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from hbir.batching.drawing import Composition, draw
from hbir.batching.head import Head, step_ranges
from hbir.batching.inventory import Inventory
from hbir.batching.plan import Plan
from hbir.batching.rows import Held, Rows
from hbir.batching.summary import Tally


@dataclass(frozen=True, kw_only=True)
class Draft(Head):
    """Draw a plan once."""

    inventory: Inventory
    composition: Composition
    tally: Tally
    """Of what has been drawn."""

    def parts(self) -> Iterator[Rows]:
        """Draw all examples, once; none is kept.

        Yields:
            Parts of whole steps, of about a million examples.
        """
        for start, stop in step_ranges(self):
            progress = np.arange(start, stop) / self.steps
            examples = draw(self.composition, progress, self.batch_size)
            self.tally.add(examples)
            yield Rows(
                self.inventory.languages,
                self.inventory.pair_ids[examples.rows],
                examples.query_langs,
                examples.passage_langs,
            )

    def held(self) -> Plan:
        """Draw all examples into memory.

        Returns:
            The plan.
        """
        head = {field.name: getattr(self, field.name) for field in fields(Head)}
        return Plan(**head, store=Held(Rows.joined(list(self.parts()))))
