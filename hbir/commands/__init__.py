"""Offer the commands other than the stages: each file is one thin command; the work is done elsewhere."""
