"""Make, load, save and run the encoder that every sampler starts from."""
