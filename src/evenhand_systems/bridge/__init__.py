"""Bridge: can a small translator carry what one language model has read into another, as soft tokens?"""
