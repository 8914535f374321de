"""One-way exports: trials as runs and verdicts as tags of MLflow, Weights & Biases, Trackio and TensorBoard."""
