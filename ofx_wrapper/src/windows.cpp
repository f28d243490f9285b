#include "windows.h"

namespace art3d {
namespace {

constexpr double kEndless = 1e6;  // beyond this a region means "everywhere"

OfxRectD unite(const OfxRectD& a, const OfxRectD& b) {
  return {std::min(a.x1, b.x1), std::min(a.y1, b.y1), std::max(a.x2, b.x2), std::max(a.y2, b.y2)};
}

bool endless(const OfxRectD& r) { return r.x1 < -kEndless || r.y1 < -kEndless || r.x2 > kEndless || r.y2 > kEndless; }

std::optional<OfxRectD> project(const Instance& instance) {
  const auto size = instance.properties().pair(ofx::prop::kProjectSize);
  if (!size || (*size)[0] < 1 || (*size)[1] < 1) return std::nullopt;
  const auto offset = instance.properties().pair(ofx::prop::kProjectOffset).value_or(std::array<double, 2>{});
  return OfxRectD{offset[0], offset[1], offset[0] + (*size)[0], offset[1] + (*size)[1]};
}

bool multiResolution() { return Properties(hostProperties()).integer(ofx::prop::kSupportsMultiResolution, 1) != 0; }

}  // namespace

Regions regionsOf(const Instance& instance, const Settings& settings, OfxTime time) {
  Regions found{};
  const OfxStatus status =
      suites().effect->clipGetRegionOfDefinition(instance.source.handle, time, &found.source);
  const auto format = project(instance);
  if (status != ofx::kOk || endless(found.source)) {
    if (!format) throw Fault("the source has no size; connect a picture");
    found.source = *format;
  }
  if (found.source.x2 <= found.source.x1 || found.source.y2 <= found.source.y1) {
    throw Fault("the source has no picture at this frame");
  }
  found.display = format && !settings.sourceIsPicture ? *format : found.source;
  return found;
}

OfxRectD Regions::eye(const Settings& settings, const char* name) const {
  if (settings.heroIs(name) || !multiResolution()) return source;
  const double width = display.x2 - display.x1;
  const double share = settings.heroIs("none") ? 0.005 : 0.01;
  const double front = settings.controls.budgetFront * share * width;
  const double behind = settings.controls.budgetBehind * share * width;
  // x_R = x_L − d: what comes forward moves left in the right eye and right in the left eye.
  const bool right = name == std::string("right");
  return {source.x1 - (right ? front : behind), source.y1, source.x2 + (right ? behind : front), source.y2};
}

OfxRectD Regions::output(const Settings& settings) const {
  const OfxRectD left = eye(settings, "left");
  const OfxRectD right = eye(settings, "right");
  switch (settings.output) {
    case Output::kLeft:
      return left;
    case Output::kRight:
      return right;
    case Output::kInverseDepth:
      return source;
    case Output::kSideBySide:
      return {display.x1, source.y1, 2 * display.x2 - display.x1, source.y2};
    case Output::kAnaglyph:
    case Output::kDisparity:
    case Output::kOcclusion:
      break;
  }
  return unite(left, right);
}

Windows windowsOf(const Regions& regions, const Grid& grid) {
  Windows found;
  found.grid = grid;
  const OfxRectD& d = regions.display;
  const Box display{std::llround(grid.toPixelX(d.x1)), std::llround(grid.toPixelY(d.y1)),
                    std::llround(grid.toPixelX(d.x2)), std::llround(grid.toPixelY(d.y2))};
  found.top = display.y1;
  found.display = flipped(display, found.top);
  found.data = flipped(grid.touched(regions.source), found.top);
  if (found.display.empty() || found.data.empty()) throw Fault("the picture is smaller than one pixel at this scale");
  return found;
}

}  // namespace art3d
