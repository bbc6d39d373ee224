// A disc of radius 0.3 in a square of side 2 whose outermost 0.4 absorb. Lengths in units of your choice: scale= makes them metres.
// Cells fit the circle and the frame, which is cut into its four sides and four corners so that each absorbs along its own axes.
SetFactory("Built-in");

radius = DefineNumber[0.3, Name "radius of the disc"];
inner = DefineNumber[0.6, Name "half the side of what the frame encloses"];
outer = DefineNumber[1.0, Name "half the side of the whole"];
size = DefineNumber[0.08, Name "size of cells"];
size_disc = DefineNumber[0.05, Name "size of cells at the disc"];

// Points of the square tensor grid, row by row from the lower left; 4 x 4.
x[] = {-outer, -inner, inner, outer};
For j In {0:3}
  For i In {0:3}
    Point(1 + i + 4 * j) = {x[i], x[j], 0, size};
  EndFor
EndFor
// Lines along x: 1 + i + 3 j. Lines along y: 101 + j + 3 i.
For j In {0:3}
  For i In {0:2}
    Line(1 + i + 3 * j) = {1 + i + 4 * j, 2 + i + 4 * j};
    Line(101 + i + 3 * j) = {1 + j + 4 * i, 1 + j + 4 * (i + 1)};
  EndFor
EndFor
Point(20) = {0, 0, 0, size_disc};
Point(21) = {radius, 0, 0, size_disc};
Point(22) = {0, radius, 0, size_disc};
Point(23) = {-radius, 0, 0, size_disc};
Point(24) = {0, -radius, 0, size_disc};
For i In {0:3}
  Circle(201 + i) = {21 + i, 20, 21 + (i + 1) % 4};
EndFor
Curve Loop(300) = {201, 202, 203, 204};
Plane Surface(300) = {300};

// Boxes of the grid: 1 + i + 3 j; the middle one has the disc for a hole.
For j In {0:2}
  For i In {0:2}
    n = 1 + i + 3 * j;
    Curve Loop(n) = {1 + i + 3 * j, 101 + j + 3 * (i + 1), -(1 + i + 3 * (j + 1)), -(101 + j + 3 * i)};
    If (n == 5)
      Plane Surface(n) = {n, 300};
    Else
      Plane Surface(n) = {n};
    EndIf
  EndFor
EndFor

Physical Surface("disc", 1) = {300};
Physical Surface("background", 2) = {5};
Physical Surface("frame", 3) = {1, 2, 3, 4, 6, 7, 8, 9};
Physical Curve("circle", 1) = {201, 202, 203, 204};
Physical Curve("interface", 2) = {5, 8, 105, 108};
Physical Curve("outer", 3) = {1, 2, 3, 10, 11, 12, 101, 102, 103, 110, 111, 112};
