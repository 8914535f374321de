"""What one arm does: on stand-ins, on text, on a checkpoint."""
