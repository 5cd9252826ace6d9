"""Score rankings of multilingual pools: exact ranks, standard measures, three settings, language bias."""
