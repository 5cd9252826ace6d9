"""Describe the section `translate` of params.yaml."""

from hbir.core.params import params_class


@params_class
class TranslateParams:
    """Say how the English pairs come into the other languages."""

    engine: str = "cldr"
    """The engine's name; `cldr` renders the embedded corpus from its codes."""
