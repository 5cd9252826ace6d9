"""Take the language bias out of any encoder with a user's own parallel texts."""
