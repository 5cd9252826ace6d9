"""Record in MLflow what DVC's stages made; nothing here decides what runs, and a lost store can be refilled."""
