"""An antenna in words: solids, sheets, wires, media and ports, and what they are on a grid."""
