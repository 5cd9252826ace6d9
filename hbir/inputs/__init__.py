"""Check params.yaml as a whole before anything runs, and take the digests of the files that it names."""
