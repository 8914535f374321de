"""Potentials: functions of residues and valuations, learned by search."""
