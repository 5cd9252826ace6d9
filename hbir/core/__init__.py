"""Hold what every package stands on: errors, params, files, seeds, hashes and the record formats."""
