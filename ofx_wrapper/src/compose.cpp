#include "compose.h"

#include <cstring>

#include "pixels.h"

namespace art3d {
namespace {

using Names = std::vector<std::string>;

int indexOf(const Names& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

// A channel of a view; alpha that the plate lacks is opaque, colour that it lacks is black.
Mix viewChannel(int plane, const Names& from, const std::string& name) {
  const int at = indexOf(from, name);
  if (at >= 0) return {plane, at, 1.0F, 0.0F};
  return {-1, 0, 0.0F, name == "A" ? 1.0F : 0.0F};
}

std::vector<Mix> view(const Names& from, const Names& to) {
  std::vector<Mix> mixes;
  for (const auto& name : to) mixes.push_back(viewChannel(0, from, name));
  return mixes;
}

// Red from the left eye, green and blue from the right; alpha from the eye that is the plate.
std::vector<Mix> anaglyph(const Settings& settings, const Names& from, const Names& to) {
  std::vector<Mix> mixes;
  for (const auto& name : to) {
    const bool left = name == "R" || (name == "A" && !settings.heroIs("right"));
    mixes.push_back(viewChannel(left ? 0 : 1, from, name));
  }
  return mixes;
}

// Nuke's four channels: disparityR.x on the left grid, disparityR.y, disparityL.x on the right grid, disparityL.y.
std::vector<Mix> disparity(const Names& to) {
  if (to.size() == 1) return {{0, 0, -1.0F, 0.0F}};
  std::vector<Mix> mixes{{0, 0, -1.0F, 0.0F}, {-1, 0, 0.0F, 0.0F}, {1, 0, 1.0F, 0.0F}, {-1, 0, 0.0F, 0.0F}};
  mixes.resize(to.size());
  return mixes;
}

// Grey, opaque.
std::vector<Mix> grey(const Names& to) {
  std::vector<Mix> mixes;
  for (const auto& name : to) mixes.push_back(name == "A" && to.size() > 1 ? Mix{-1, 0, 0.0F, 1.0F} : Mix{});
  for (auto& mix : mixes) mix.plane = mix.constant == 1.0F ? -1 : 0;
  return mixes;
}

// What the left eye had to invent in red, what the right eye had to invent in cyan.
std::vector<Mix> occlusion(const Settings& settings, const Names& to) {
  if (to.size() == 1) return {{settings.heroIs("right") ? 0 : 1, 0, 1.0F, 0.0F}};
  std::vector<Mix> mixes{{0, 0, 1.0F, 0.0F}, {1, 0, 1.0F, 0.0F}, {1, 0, 1.0F, 0.0F}, {-1, 0, 0.0F, 1.0F}};
  mixes.resize(to.size());
  return mixes;
}

std::vector<Piece> sideBySide(const Regions& regions, const Windows& w, const Box& window, const Names& from,
                              const Names& to) {
  std::vector<Piece> pieces;
  const Box eye{w.display.x0, window.y0, w.display.x1, window.y1};
  const int64_t width = w.display.width();
  const Box region = w.box(regions.source);
  for (const auto& [name, shift] : {std::pair<const char*, int64_t>{"left", 0}, {"right", width}}) {
    Box asked = window.shift(-shift).intersect(eye);
    asked.y0 = std::max(asked.y0, region.y0), asked.y1 = std::min(asked.y1, region.y1);
    if (!asked.empty()) pieces.push_back({asked, shift, {name}, view(from, to)});
  }
  return pieces;
}

bool straight(const std::vector<Mix>& channels, const std::vector<wire::Plane>& planes) {
  for (size_t i = 0; i < channels.size(); ++i) {
    if (channels[i].plane != 0 || channels[i].channel != static_cast<int>(i) || channels[i].gain != 1.0F) return false;
  }
  return planes[0].channels == static_cast<int64_t>(channels.size());
}

}  // namespace

std::vector<Piece> piecesOf(const Settings& settings, const Regions& regions, const Windows& windows, const Box& window,
                            const Names& from, const Names& to) {
  if (settings.output == Output::kSideBySide) return sideBySide(regions, windows, window, from, to);
  const Box asked = window.intersect(windows.box(regions.output(settings)));
  if (asked.empty()) return {};
  switch (settings.output) {
    case Output::kLeft:
      return {{asked, 0, {"left"}, view(from, to)}};
    case Output::kAnaglyph:
      return {{asked, 0, {"left", "right"}, anaglyph(settings, from, to)}};
    case Output::kDisparity:
      return {{asked, 0, {"disparity_left", "disparity_right"}, disparity(to)}};
    case Output::kInverseDepth:
      return {{asked, 0, {"inverse_depth"}, grey(to)}};
    case Output::kOcclusion:
      return {{asked, 0, {"occlusion_left", "occlusion_right"}, occlusion(settings, to)}};
    case Output::kRight:
    case Output::kSideBySide:
      break;
  }
  return {{asked, 0, {"right"}, view(from, to)}};
}

void paint(const Piece& piece, const wire::TileReply& reply, const std::byte* payload, ImageView& image) {
  const Box& asked = piece.asked;
  if (reply.planes.size() != piece.outputs.size()) throw Fault("the server sent other planes than were asked");
  for (const auto& plane : reply.planes) {
    if (plane.rows != asked.height() || plane.columns != asked.width()) throw Fault("the server sent another size");
  }
  for (const auto& mix : piece.channels) {
    if (mix.plane >= 0 && mix.channel >= reply.planes[static_cast<size_t>(mix.plane)].channels) {
      throw Fault("the server sent fewer channels than the plate has");
    }
  }
  const auto width = static_cast<size_t>(asked.width());
  const size_t count = piece.channels.size();
  const bool direct = straight(piece.channels, reply.planes);
  std::vector<float> row(direct ? 0 : width * count);
  for (int64_t y = 0; y < asked.height(); ++y) {
    const float* from = nullptr;
    for (size_t c = 0; c < (direct ? 1 : count); ++c) {
      const Mix& mix = piece.channels[c];
      if (mix.plane < 0) {
        for (size_t x = 0; x < width; ++x) row[x * count + c] = mix.constant;
        continue;
      }
      const wire::Plane& plane = reply.planes[static_cast<size_t>(mix.plane)];
      from = reinterpret_cast<const float*>(payload + plane.offset) + y * plane.columns * plane.channels + mix.channel;
      if (direct) break;
      for (size_t x = 0; x < width; ++x) {
        row[x * count + c] = mix.gain * from[x * static_cast<size_t>(plane.channels)];
      }
    }
    writeRow(direct ? from : row.data(), image.at(asked.x0 + piece.shift, asked.y0 + y), width * count, image.depth());
  }
}

void clear(const Box& box, ImageView& image) {
  for (int64_t y = box.y0; y < box.y1; ++y) {
    std::memset(image.at(box.x0, y), 0, image.pixelBytes() * static_cast<size_t>(box.width()));
  }
}

}  // namespace art3d
