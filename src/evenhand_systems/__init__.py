"""The research systems that come with evenhand; each registers its recipes through entry points."""
