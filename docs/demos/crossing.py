"""Two guides that cross: a problem of one's own, as the README shows it."""

import sys

from adjointdesign.problems.photonics import DeviceSpecification, PhotonicDevice, Port
from adjointdesign.study import run

class Crossing(PhotonicDevice):
    name, summary, Specification = "crossing", "two guides that cross", DeviceSpecification
    symmetries = ("mirror_x", "mirror_y", "diagonal")
    def ports(self):
        return Port("west"), Port("east"), Port("north"), Port("south")
    def targets(self):
        return self.target("S21", 1, -0.3), self.target("S31", -1, -25.0)

if __name__ == "__main__":
    out, *overrides = sys.argv[1:] or ["runs/crossing"]
    run(Crossing, out, overrides=["specification.design_size=[2e-6, 2e-6]", *overrides])
