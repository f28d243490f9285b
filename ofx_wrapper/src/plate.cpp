#include "plate.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdio>
#include <cstring>

#include "pixels.h"

namespace art3d {
namespace {

constexpr int64_t kRowsPerTick = 64;

// Grows by little-endian numbers and counted texts, as docs/protocol.md describes the header of a key.
struct KeyHeader {
  std::string bytes;
  template <class Number>
  void add(Number value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void add(const std::string& text) {
    add(static_cast<uint32_t>(text.size()));
    bytes += text;
  }
  void add(const Box& box) {
    for (const int64_t corner : {box.x0, box.y0, box.x1, box.y1}) add(static_cast<int32_t>(corner));
  }
};

std::string hexadecimal(const XXH128_hash_t& hash) {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

int64_t aligned(int64_t bytes) { return (bytes + wire::kAlignment - 1) / wire::kAlignment * wire::kAlignment; }

}  // namespace

PlateLayer PlateLayer::whole(const char* name, ImageView view, std::shared_ptr<const Decoder> decoder) {
  if (decoder->none()) decoder.reset();
  return {name, std::move(view), false, std::move(decoder)};
}
PlateLayer PlateLayer::single(const char* name, ImageView view) { return {name, std::move(view), true, nullptr}; }

size_t PlateLayer::rowBytes(const Box& data) const {
  return pixelBytes() * static_cast<size_t>(data.width());
}

void PlateLayer::writeRow(const Box& data, int64_t row, std::byte* to) const {
  const Box there = data.intersect(view_.box());
  if (there.empty() || row < there.y0 || row >= there.y1) {
    std::memset(to, 0, rowBytes(data));
    return;
  }
  const size_t pixel = pixelBytes();
  const auto left = static_cast<size_t>(there.x0 - data.x0) * pixel;
  const auto middle = static_cast<size_t>(there.width()) * pixel;
  std::memset(to, 0, left);
  const std::byte* from = view_.at(there.x0, row);
  if (single_) {
    for (int64_t x = 0; x < there.width(); ++x) {
      const float value = readSample(from + static_cast<size_t>(x) * view_.pixelBytes(), view_.depth());
      std::memcpy(to + left + static_cast<size_t>(x) * pixel, &value, sizeof value);
    }
  } else if (decoder_ != nullptr) {
    const auto channels = static_cast<size_t>(view_.channels());
    decoder_->row(from, to + left, static_cast<size_t>(there.width()), channels, view_.colours());
  } else {
    std::memcpy(to + left, from, middle);
  }
  std::memset(to + left + middle, 0, rowBytes(data) - left - middle);
}

std::string Plate::key(const std::function<void()>& tick) const {
  KeyHeader header;
  header.add(display);
  header.add(data);
  header.add(pixelAspect);
  header.add(static_cast<uint32_t>(channels.size()));
  for (const auto& channel : channels) header.add(channel);
  header.add(static_cast<uint32_t>(layers.size()));
  for (const auto& layer : layers) {
    header.add(layer.name());
    header.add(std::string(layer.dtype()));
    for (const int64_t side : {data.height(), data.width(), static_cast<int64_t>(layer.channels())})
      header.add(static_cast<uint32_t>(side));
  }
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  XXH3_128bits_reset(state.get());
  XXH3_128bits_update(state.get(), header.bytes.data(), header.bytes.size());
  std::vector<std::byte> row;
  for (const auto& layer : layers) {
    row.resize(layer.rowBytes(data));
    for (int64_t y = data.y0; y < data.y1; ++y) {
      layer.writeRow(data, y, row.data());
      XXH3_128bits_update(state.get(), row.data(), row.size());
      if ((y - data.y0) % kRowsPerTick == 0) tick();
    }
  }
  return hexadecimal(XXH3_128bits_digest(state.get()));
}

wire::PutFrame Plate::announcement(const std::string& key) const {
  wire::PutFrame put;
  put.key = key, put.display = display, put.data = data, put.channels = channels, put.pixelAspect = pixelAspect;
  for (const auto& layer : layers) {
    wire::Layer& placed = put.layers.emplace_back();
    placed.name = layer.name(), placed.dtype = layer.dtype();
    placed.rows = data.height(), placed.columns = data.width(), placed.channels = layer.channels();
    placed.offset = put.nbytes;
    put.nbytes += aligned(static_cast<int64_t>(layer.rowBytes(data)) * data.height());
  }
  return put;
}

void Plate::write(const wire::PutFrame& announced, std::byte* payload,
                  const std::function<void(int64_t)>& written) const {
  for (size_t i = 0; i < layers.size(); ++i) {
    std::byte* to = payload + announced.layers[i].offset;
    for (int64_t y = data.y0; y < data.y1; ++y, to += layers[i].rowBytes(data)) {
      layers[i].writeRow(data, y, to);
      if ((y - data.y0) % kRowsPerTick == 0) written(to - payload);
    }
  }
}

}  // namespace art3d
