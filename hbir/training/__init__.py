"""Train an encoder on a batch plan."""
