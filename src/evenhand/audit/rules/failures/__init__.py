"""Failures of machine, network or data, which say nothing about the idea."""
