"""The recipe ``command``: any program as a trial, by what it writes, prints and spends."""
