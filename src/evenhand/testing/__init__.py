"""For those who build on evenhand and test what they build: simulated worlds, planted faults, the executors' suite.

``worlds`` draws outcomes whose effects are known, ``faults`` spoils them in the ways that evenhand must see, and
``executors`` holds what every place that runs trials must do.
"""
