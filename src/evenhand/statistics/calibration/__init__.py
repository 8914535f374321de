"""How often the procedures of this package err, measured on simulated worlds whose truth is known.

`worlds` draws paired scores, `rates` runs a procedure on many of them, `studies` holds one measurement per procedure,
and `known_to_fail` the procedures that people use and that do not hold what they promise.
"""

from evenhand.statistics.calibration.rates import Rates, measure, within_band
from evenhand.statistics.calibration.worlds import World, draw

__all__ = ["Rates", "World", "draw", "measure", "within_band"]
