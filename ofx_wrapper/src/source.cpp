#include "source.h"

#include <array>

#include "pixels.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace art3d {
namespace {

constexpr int64_t kProbedRows = 16;

// A few rows of a layer: a host that gives two pictures one name is found out.
uint64_t probe(const PlateLayer& layer, const Box& data) {
  std::vector<std::byte> row(layer.rowBytes(data));
  uint64_t hash = 0;
  for (int64_t i = 0; i < std::min(kProbedRows, data.height()); ++i) {
    layer.writeRow(data, data.y0 + (2 * i + 1) * data.height() / (2 * kProbedRows), row.data());
    hash = XXH3_64bits_withSeed(row.data(), row.size(), hash);
  }
  return hash;
}

// An input that is wired to nothing, as inside a group, is a picture without extent in some hosts.
bool empty(const Clip& clip, OfxTime time) {
  if (!clip.connected()) return true;
  const auto region = clip.region(time);
  return region && (region->x2 <= region->x1 || region->y2 <= region->y1);
}

// Whether the samples of a layer, alpha aside, are all the same over the data window; black where that is 0.
bool even(const PlateLayer& layer, const Box& data, bool black, const std::function<void()>& tick) {
  std::vector<std::byte> row(layer.rowBytes(data));
  const auto channels = static_cast<size_t>(layer.channels());
  const size_t colours = std::min<size_t>(channels, 3), size = sampleBytes(layer.depth());
  std::array<float, 3> first{};
  for (int64_t y = data.y0; y < data.y1; ++y) {
    layer.writeRow(data, y, row.data());
    for (size_t at = 0; at < row.size(); at += channels * size) {
      for (size_t c = 0; c < colours; ++c) {
        const float value = readSample(row.data() + at + c * size, layer.depth());
        if (y == data.y0 && at == 0 && !black) first[c] = value;
        if (!(value == first[c])) return false;
      }
    }
    tick();
  }
  return true;
}

void proveProgressive(const Properties& image, const Clip& clip) {
  const auto fielded = [](const std::string& field) {
    return field == ofx::value::kFieldLower || field == ofx::value::kFieldUpper;
  };
  const std::string field = image.text(ofx::prop::kImageField, ofx::value::kFieldNone);
  // "Both" and nothing say that the picture is whole, not that it is progressive; the clip's field order does.
  const bool open = field != ofx::value::kFieldNone;
  if (fielded(field) || (open && fielded(Properties(clip.properties).text(ofx::prop::kClipFieldOrder)))) {
    throw Fault("Art3D takes progressive pictures only; de-interlace the source first", ofx::kErrUnsupported);
  }
}

std::string spelled(const Box& b) {
  std::string text;
  for (const int64_t corner : {b.x0, b.y0, b.x1, b.y1}) text += std::to_string(corner) + ",";
  return text;
}

}  // namespace

Source::Source(const Instance& instance, const Settings& settings, const Regions& regions, const Windows& windows,
               OfxTime time)
    : showsCleanPlate_(settings.showsCleanPlate()) {
  plate_.display = windows.display, plate_.data = windows.data, plate_.pixelAspect = windows.grid.pixelAspect;
  const auto get = [&](bool use, const Clip& clip) {
    return !use || empty(clip, time) ? std::nullopt : fetch(clip, time, regions.source, windows.top);
  };
  const auto color = fetch(instance.source, time, regions.source, windows.top);
  if (!color) throw Fault("the source has no picture at this frame; connect one");
  plate_.channels = color->names();
  // In order of the layers' names, as a key wants them.
  const auto clean = get(settings.useCleanPlate, instance.cleanPlate);
  if (clean && clean->channels() != color->channels()) {
    throw Fault("the clean plate has other channels than the source; give both the same");
  }
  curve_ = curveOf(settings.inputColour, Properties(instance.source.properties), color->depth());
  const auto whole = [this](const char* name, const ImageView& view) {
    // An alpha alone has no curve.
    const Curve curve = view.channels() == 1 ? Curve::kLinear : curve_;
    plate_.layers.push_back(PlateLayer::whole(name, view, std::make_shared<const Decoder>(curve, view.depth())));
  };
  const auto single = [&](const char* name, bool use, const Clip& clip) {
    const auto view = get(use, clip);
    if (view) plate_.layers.push_back(PlateLayer::single(name, *view));
    return view.has_value();
  };
  const bool behind = single(wire::layer::kCleanDepth, settings.takesCleanDepth(), instance.cleanDepth);
  if (clean) whole(wire::layer::kCleanPlate, *clean);
  whole(wire::layer::kColor, *color);
  const bool depth = single(wire::layer::kDepth, settings.useDepth, instance.depth);
  if (behind && !depth) {
    throw Fault("the Clean Depth is in the units of the Depth input, which gives none; connect Depth, or switch Use Clean "
                "Depth off");
  }
  single(wire::layer::kMatte, settings.useMatte, instance.matte);
}

std::optional<ImageView> Source::fetch(const Clip& clip, OfxTime time, const OfxRectD& region, int64_t top) {
  auto image = std::make_unique<ClipImage>(clip.handle, time, &region);
  // A picture without pixels is how some hosts say that nothing is connected.
  if (!*image || image->properties().pointer(ofx::prop::kImageData) == nullptr) return std::nullopt;
  proveProgressive(image->properties(), clip);
  ImageView view(image->properties(), top);
  images_.push_back(std::move(image));
  return view;
}

std::optional<std::string> Source::identity() const {
  std::string text = (showsCleanPlate_ ? "clean" : "") + std::to_string(static_cast<int>(curve_)) + ":" + spelled(plate_.display) + spelled(plate_.data) + std::to_string(plate_.pixelAspect);
  for (const auto& image : images_) {
    const std::string name = image->properties().text(ofx::prop::kImageUniqueIdentifier);
    if (name.empty()) return std::nullopt;
    text += "|" + name;
  }
  for (const auto& layer : plate_.layers) {
    text += "|" + layer.name() + layer.dtype() + spelled(layer.view().box()) + std::to_string(probe(layer, plate_.data));
  }
  return text;
}

std::string Source::warning(const std::function<void()>& tick) const {
  for (const PlateLayer& layer : plate_.layers) {
    const auto is = [&](const char* name, bool black) {
      return layer.name() == name && even(layer, plate_.data, black, tick);
    };
    if (is(wire::layer::kMatte, true)) {
      return "the Matte is black all over, so that Local Sculpt acts nowhere; switch Use Matte off if that is not meant";
    }
    if (is(wire::layer::kDepth, false)) {
      return "the Depth input is the same all over, so that the picture is flat; switch Use Depth off if that is not meant";
    }
    // Nothing connected, or everything at no distance: nobody means that, and it would show in every hole.
    if (is(wire::layer::kCleanDepth, true)) {
      throw Fault("the Clean Depth is black all over; switch Use Clean Depth off or connect one");
    }
    if (showsCleanPlate_ && is(wire::layer::kCleanPlate, true)) {
      return "the Clean Plate is black all over, and so is what Fill shows of it; switch Use Clean Plate off or connect one";
    }
  }
  return "";
}

Keyed Source::key(KeyMemo& memo, const std::function<void()>& tick) const {
  const auto name = identity();
  if (!name) return {plate_.key(tick), warning(tick)};
  if (auto known = memo.find(*name)) return *known;
  const Keyed found{plate_.key(tick), warning(tick)};
  memo.keep(*name, found);
  return found;
}

}  // namespace art3d
