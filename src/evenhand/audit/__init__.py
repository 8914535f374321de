"""Other people's logs: read what they report, recompute what can be, and name faults that the text shows.

``check`` gives the findings of logs. On its way a log passes the rooms in this order: ``text`` says what lines, numbers
and words are, ``reading`` makes them of files, ``told`` takes statements from them, ``rules`` judges these, each kind
of fault in a room of its own, and ``output`` makes claim files of what was found.
"""
