"""Other people's logs: read what they report, recompute what can be, and name faults that the text shows.

``check`` gives the findings of logs; ``reading.opened`` reads them; ``rules`` lists what is looked for.
"""
