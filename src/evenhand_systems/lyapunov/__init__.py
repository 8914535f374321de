"""Learned Lyapunov functions for the Collatz map: train, measure, certify.

What is certified are densities of classes on which one step falls. Nothing here bears on the conjecture itself.
"""
