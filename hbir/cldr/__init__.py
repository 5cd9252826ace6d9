"""Make multilingual question answering out of the facts that CLDR names in every language."""
