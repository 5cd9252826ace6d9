"""Ask a question with many experiments: plan them, run them through DVC, and compare what came out."""
