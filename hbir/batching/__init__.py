"""Compose training pairs into batch plans: which pair, in which languages, in which step."""
