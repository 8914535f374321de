"""Future-Seed: does seeding a layer of RWKV-7 with the terminal state of the layer below help it use what stands right?

Tasks (generated and on real data), recipes that train and score them, and the checks that go with them; the mechanism
itself lives in ``evenhand_systems.rwkv7``.
"""
