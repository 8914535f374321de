"""The commands of ``evenhand lyapunov``, a module for each group."""
