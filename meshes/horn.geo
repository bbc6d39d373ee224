// A conical horn, half a section in (r, z): a circular waveguide, a flare, air, and a frame that absorbs. Symmetric about r = 0.
// Lengths in free-space wavelengths at the design frequency: scale= makes them metres. The wall is the surface of a solid conductor,
// whose inside carries no field and no cells.
SetFactory("Built-in");

guide_radius = DefineNumber[0.5, Name "radius of the waveguide"];
aperture_radius = DefineNumber[1.2, Name "radius of the aperture"];
guide_length = DefineNumber[1.0, Name "length of the waveguide, from the port to the throat"];
flare_length = DefineNumber[2.0, Name "length of the flare"];
thickness = DefineNumber[0.2, Name "thickness of the conductor"];
air = DefineNumber[0.5, Name "air between the horn and the frame"];
depth = DefineNumber[0.5, Name "depth of the frame"];
size = DefineNumber[0.12, Name "size of cells"];

throat = 0;
port = throat - guide_length;
mouth = throat + flare_length;
// The conductor also closes the waveguide behind the port.
back = port - thickness;
bottom = back - air;
top = mouth + air;
side = aperture_radius + thickness + air;

// Inside of the horn.
Point(1) = {0, port, 0, size};
Point(2) = {guide_radius, port, 0, size};
Point(3) = {guide_radius, throat, 0, size};
Point(4) = {aperture_radius, mouth, 0, size};
Point(5) = {0, mouth, 0, size};
Point(6) = {0, throat, 0, size};
// Outside of the conductor.
Point(7) = {aperture_radius + thickness, mouth, 0, size};
Point(8) = {guide_radius + thickness, throat, 0, size};
Point(9) = {guide_radius + thickness, back, 0, size};
Point(10) = {0, back, 0, size};
// Air, then the frame: its corners, and where its own edges go on to the outside.
Point(11) = {0, bottom, 0, size};
Point(12) = {side, bottom, 0, size};
Point(13) = {side, top, 0, size};
Point(14) = {0, top, 0, size};
Point(15) = {0, bottom - depth, 0, size};
Point(16) = {side, bottom - depth, 0, size};
Point(17) = {side + depth, bottom - depth, 0, size};
Point(18) = {side + depth, bottom, 0, size};
Point(19) = {side + depth, top, 0, size};
Point(20) = {side + depth, top + depth, 0, size};
Point(21) = {side, top + depth, 0, size};
Point(22) = {0, top + depth, 0, size};

Line(1) = {1, 2};    // port
Line(2) = {2, 3};    // wall of the waveguide
Line(3) = {3, 4};    // wall of the flare
Line(4) = {4, 7};    // rim
Line(5) = {7, 8};    // back of the flare
Line(6) = {8, 9};
Line(7) = {9, 10};
Line(8) = {1, 6};    // axis
Line(9) = {6, 5};
Line(10) = {6, 3};   // throat
Line(11) = {5, 4};   // aperture
Line(12) = {5, 14};
Line(13) = {11, 10};
Line(14) = {11, 12}; // interface of air and frame
Line(15) = {12, 13};
Line(16) = {13, 14};
Line(17) = {15, 11};
Line(18) = {14, 22};
Line(19) = {15, 16}; // outside
Line(20) = {16, 17};
Line(21) = {17, 18};
Line(22) = {18, 19};
Line(23) = {19, 20};
Line(24) = {20, 21};
Line(25) = {21, 22};
Line(26) = {12, 16}; // between the parts of the frame
Line(27) = {12, 18};
Line(28) = {13, 19};
Line(29) = {13, 21};

Curve Loop(1) = {1, 2, -10, -8};
Plane Surface(1) = {1};
Curve Loop(2) = {10, 3, -11, -9};
Plane Surface(2) = {2};
Curve Loop(3) = {11, 4, 5, 6, 7, -13, 14, 15, 16, -12};
Plane Surface(3) = {3};
Curve Loop(4) = {19, -26, -14, -17};
Plane Surface(4) = {4};
Curve Loop(5) = {20, 21, -27, 26};
Plane Surface(5) = {5};
Curve Loop(6) = {27, 22, -28, -15};
Plane Surface(6) = {6};
Curve Loop(7) = {28, 23, 24, -29};
Plane Surface(7) = {7};
Curve Loop(8) = {29, 25, -18, -16};
Plane Surface(8) = {8};

Physical Surface("waveguide", 1) = {1};
Physical Surface("flare", 2) = {2};
Physical Surface("air", 3) = {3};
Physical Surface("frame", 4) = {4, 5, 6, 7, 8};
Physical Curve("wall", 1) = {2, 3, 4, 5, 6, 7};
Physical Curve("profile", 2) = {3};
Physical Curve("port", 3) = {1};
Physical Curve("axis", 4) = {8, 9, 12, 13, 17, 18};
Physical Curve("aperture", 5) = {11};
Physical Curve("interface", 6) = {14, 15, 16};
Physical Curve("casing", 8) = {2, 4, 5, 6, 7};
Physical Curve("outer", 7) = {19, 20, 21, 22, 23, 24, 25};
