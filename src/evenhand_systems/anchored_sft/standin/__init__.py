"""The embedded default: generated skills, and a small Qwen3 that is taught them on the spot. No network."""
