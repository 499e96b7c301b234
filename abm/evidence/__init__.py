"""Evidence: what the model is held against, each a check with limits stated beforehand in docs/targets.toml."""
