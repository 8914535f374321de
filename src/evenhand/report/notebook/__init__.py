"""evenhand from Python: run, plan and decide claims, with results that show themselves in a notebook."""
