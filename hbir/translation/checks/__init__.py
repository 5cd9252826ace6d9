"""Which translations are not taken."""
