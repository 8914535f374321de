"""Trials as jobs in Slurm's queue."""
