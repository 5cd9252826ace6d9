"""Embed corpora, keep the embeddings, and search them."""
