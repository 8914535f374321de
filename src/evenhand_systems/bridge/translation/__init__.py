"""From the source's states to the target's soft tokens, and the controls of that."""
