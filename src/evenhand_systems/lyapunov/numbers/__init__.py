"""Integers, their Collatz trajectories and features, exactly."""
