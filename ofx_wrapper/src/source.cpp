#include "source.h"

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
  OfxRectD region{};
  if (!clip.connected()) return true;
  const OfxStatus status = suites().effect->clipGetRegionOfDefinition(clip.handle, time, &region);
  return status == ofx::kOk && (region.x2 <= region.x1 || region.y2 <= region.y1);
}

std::string spelled(const Box& b) {
  std::string text;
  for (const int64_t corner : {b.x0, b.y0, b.x1, b.y1}) text += std::to_string(corner) + ",";
  return text;
}

}  // namespace

Source::Source(const Instance& instance, const Regions& regions, const Windows& windows, OfxTime time) {
  plate_.display = windows.display, plate_.data = windows.data, plate_.pixelAspect = windows.grid.pixelAspect;
  const auto get = [&](const Clip& clip) {
    return empty(clip, time) ? std::nullopt : fetch(clip, time, regions.source, windows.top);
  };
  const auto color = fetch(instance.source, time, regions.source, windows.top);
  if (!color) throw Fault("the source has no picture at this frame; connect one");
  plate_.channels = color->names();
  // In order of the layers' names, as a key wants them.
  const auto clean = get(instance.cleanPlate);
  if (clean && clean->channels() != color->channels()) {
    throw Fault("the clean plate has other channels than the source; give both the same");
  }
  if (clean) plate_.layers.push_back(PlateLayer::whole(wire::layer::kCleanPlate, *clean));
  plate_.layers.push_back(PlateLayer::whole(wire::layer::kColor, *color));
  if (const auto depth = get(instance.depth)) plate_.layers.push_back(PlateLayer::single(wire::layer::kDepth, *depth));
  if (const auto matte = get(instance.matte)) plate_.layers.push_back(PlateLayer::single(wire::layer::kMatte, *matte));
}

std::optional<ImageView> Source::fetch(const Clip& clip, OfxTime time, const OfxRectD& region, int64_t top) {
  auto image = std::make_unique<ClipImage>(clip.handle, time, &region);
  if (!*image) return std::nullopt;
  const std::string field = image->properties().text(ofx::prop::kImageField, ofx::value::kFieldNone);
  if (field != ofx::value::kFieldNone) {
    throw Fault("Art3D takes progressive pictures only; de-interlace the source first", ofx::kErrUnsupported);
  }
  ImageView view(image->properties(), top);
  images_.push_back(std::move(image));
  return view;
}

std::optional<std::string> Source::identity() const {
  std::string text = spelled(plate_.display) + spelled(plate_.data) + std::to_string(plate_.pixelAspect);
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

std::string Source::key(KeyMemo& memo, const std::function<void()>& tick) const {
  const auto name = identity();
  if (!name) return plate_.key(tick);
  if (auto known = memo.find(*name)) return *known;
  const std::string key = plate_.key(tick);
  memo.keep(*name, key);
  return key;
}

}  // namespace art3d
