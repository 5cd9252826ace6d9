"""Read datasets and models of the Hugging Face Hub, or local folders laid out like them."""
