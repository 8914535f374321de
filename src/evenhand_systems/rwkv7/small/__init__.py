"""A small RWKV-7 that anybody can train on documentation in Debian packages: ``evenhand models train rwkv7-small``.

From packages to text (``packages``, ``plain``), to ids and what is held out (``corpus``), to weights in parts that go
on from each other (``training``), to bits per byte (``judging``), to the models folder (``making``).
"""
