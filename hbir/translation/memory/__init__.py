"""What was translated before, and what is translated now: sentences, batches, files."""
