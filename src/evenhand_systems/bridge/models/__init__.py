"""The two language models of a bridge: real ones and stand-ins."""
