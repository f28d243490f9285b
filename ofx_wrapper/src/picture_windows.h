// Where the picture lies: display and data window, and the region that each output covers.
#pragma once

#include "geometry.h"
#include "instance.h"

namespace art3d {

// Canonical regions, y up.
struct Regions {
  OfxRectD display;  // its width is the picture width that every % means
  OfxRectD source;   // the plate's region of definition

  // What an eye covers: the plate for the hero eye, wider where the new view may reach.
  OfxRectD eye(const Settings& settings, const char* name) const;
  OfxRectD output(const Settings& settings) const;
};

// Throws Fault when the source has no picture at that time.
Regions regionsOf(const Instance& instance, const Settings& settings, OfxTime time);

// The same in the pixels of one rendering; boxes are y down, row 0 is the display window's top.
struct Windows {
  Grid grid;
  int64_t top = 0;
  Box display, data;

  Box box(const OfxRectD& canonical) const { return flipped(grid.touched(canonical), top); }
};

Windows windowsOf(const Regions& regions, const Grid& grid);

}  // namespace art3d
