"""Learned Lyapunov functions for the Collatz map: train, measure, certify. Nothing here bears on the conjecture itself."""
