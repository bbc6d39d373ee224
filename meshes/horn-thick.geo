// The horn of horn.geo in a conductor that has room for slots half a wavelength deep.
SetNumber("thickness of the conductor", 0.7);
Include "horn.geo";
