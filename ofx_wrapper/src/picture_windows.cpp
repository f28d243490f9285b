#include "picture_windows.h"

#include "image_view.h"

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

// What the source's picture itself says, for a host that tells no region.
std::optional<OfxRectD> pictureOf(const Instance& instance, OfxTime time) {
  const ClipImage image(instance.source.handle, time, nullptr);
  if (!image) return std::nullopt;
  const Properties p = image.properties();
  auto found = p.rectI(ofx::prop::kImageRegionOfDefinition);
  if (!found) found = p.rectI(ofx::prop::kImageBounds);
  if (!found) return std::nullopt;
  const auto scale = p.pair(ofx::prop::kRenderScale).value_or(std::array<double, 2>{1.0, 1.0});
  const Grid grid{scale[0] > 0 ? scale[0] : 1, scale[1] > 0 ? scale[1] : 1, instance.pixelAspect()};
  return OfxRectD{grid.toCanonicalX(found->x1), found->y1 / grid.scaleY, grid.toCanonicalX(found->x2),
                  found->y2 / grid.scaleY};
}

std::optional<OfxRectD> sourceOf(const Instance& instance, OfxTime time) {
  const auto found = instance.source.region(time);
  if (!found) return pictureOf(instance, time);
  return endless(*found) ? std::nullopt : found;
}

}  // namespace

Regions regionsOf(const Instance& instance, const Settings& settings, OfxTime time) {
  Regions found{};
  const auto format = project(instance);
  const auto source = sourceOf(instance, time);
  if (!source && !format) throw Fault("the source has no size; connect a picture");
  found.source = source ? *source : *format;
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
  const bool bounded = settings.controls.depthBudget != "none";
  const double front = (bounded ? settings.controls.budgetFront : mostOf("budget_front")) * share * width;
  const double behind = (bounded ? settings.controls.budgetBehind : mostOf("budget_behind")) * share * width;
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
      return multiResolution() ? OfxRectD{display.x1, source.y1, 2 * display.x2 - display.x1, source.y2} : source;
    case Output::kOverUnder:
      return multiResolution() ? OfxRectD{source.x1, display.y1, source.x2, 2 * display.y2 - display.y1} : source;
    case Output::kAnaglyph:
    case Output::kDisparity:
    case Output::kOcclusion:
    case Output::kWindowMasks:
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
