#include "pair.h"

namespace art3d {
namespace {

// An eye and the place it takes in the picture.
struct Placed {
  const char* name;
  Box eye, place;
};

std::vector<Placed> whole(bool across, const Box& region, const Box& display) {
  const Box eye = across ? Box{display.x0, region.y0, display.x1, region.y1} : Box{region.x0, display.y0, region.x1, display.y1};
  // The lower eye keeps its place, so that the picture starts where a format does.
  const Box other = across ? eye.shift(display.width()) : Box{eye.x0, eye.y0 - display.height(), eye.x1, eye.y1 - display.height()};
  return {{wire::output::kLeft, eye, across ? eye : other}, {wire::output::kRight, eye, across ? other : eye}};
}

std::vector<Placed> squeezed(bool across, const Box& eye) {
  const int64_t x = eye.x0 + (eye.width() + 1) / 2, y = eye.y0 + (eye.height() + 1) / 2;
  const Box first = across ? Box{eye.x0, eye.y0, x, eye.y1} : Box{eye.x0, eye.y0, eye.x1, y};
  const Box second = across ? Box{x, eye.y0, eye.x1, eye.y1} : Box{eye.x0, y, eye.x1, eye.y1};
  return {{wire::output::kLeft, eye, first}, {wire::output::kRight, eye, second}};
}

// The old samples that a run of new ones needs, as first and one past the last.
std::pair<int64_t, int64_t> needed(const Squeeze& squeeze, int64_t first, int64_t end) {
  const Span last = squeeze.at(end - 1);
  return {squeeze.at(first).first, last.first + static_cast<int64_t>(last.shares.size())};
}

}  // namespace

std::vector<Piece> pairOf(const Settings& settings, const Regions& regions, const Windows& windows, const Box& window,
                          const std::vector<Mix>& channels) {
  const bool across = settings.output == Output::kSideBySide;
  const Box region = windows.box(regions.source);
  std::vector<Piece> pieces;
  for (const auto& [name, eye, place] : multiResolution() ? whole(across, region, windows.display) : squeezed(across, region)) {
    const Box to = window.intersect(place);
    if (to.empty()) continue;
    const Squeeze columns{eye.width(), place.width()}, rows{eye.height(), place.height()};
    const auto [left, right] = needed(columns, to.x0 - place.x0, to.x1 - place.x0);
    const auto [top, bottom] = needed(rows, to.y0 - place.y0, to.y1 - place.y0);
    const Box asked{eye.x0 + left, eye.y0 + top, eye.x0 + right, eye.y0 + bottom};
    pieces.push_back({asked, to, {name}, channels, columns, rows, eye, place});
  }
  return pieces;
}

}  // namespace art3d
