#include "compose.h"

#include <cstring>

#include "pair.h"
#include "pixels.h"

namespace art3d {
namespace {

using Names = std::vector<std::string>;

int indexOf(const Names& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

Mix from(size_t plane, int channel = 0, float gain = 1.0F) { return {{{plane, channel, gain}}, 0.0F}; }
Mix constant(float value) { return {{}, value}; }

// A channel of a view; alpha that the plate lacks is opaque, colour that it lacks is black.
Mix viewChannel(size_t plane, const Names& plate, const std::string& name) {
  const int at = indexOf(plate, name);
  return at >= 0 ? from(plane, at) : constant(name == "A" ? 1.0F : 0.0F);
}

std::vector<Mix> view(const Names& plate, const Names& to) {
  std::vector<Mix> mixes;
  for (const auto& name : to) mixes.push_back(viewChannel(0, plate, name));
  return mixes;
}

// Least-squares red/cyan projection of linear RGB: E. Dubois, A Projection Method to Generate Anaglyph Stereo Images,
// ICASSP 2001; his published matrices, rows R G B, columns R G B of the left and then of the right eye.
constexpr float kDubois[3][6] = {
    {0.4561F, 0.500484F, 0.176381F, -0.0434706F, -0.0879388F, -0.00155529F},
    {-0.0400822F, -0.0378246F, -0.0157589F, 0.378476F, 0.73364F, -0.0184503F},
    {-0.0152161F, -0.0205971F, -0.00546856F, -0.0721527F, -0.112961F, 1.2264F},
};

// Alpha is that of the eye that is the plate.
std::vector<Mix> anaglyph(const Settings& settings, const Names& plate, const Names& to) {
  std::vector<Mix> mixes;
  for (size_t c = 0; c < to.size(); ++c) {
    Mix& mix = mixes.emplace_back();
    if (to[c] == "A" || plate.size() < 3) {
      mix = viewChannel(settings.heroIs("right") ? 1 : 0, plate, to[c]);
      continue;
    }
    for (int i = 0; i < 6; ++i) mix.terms.push_back({static_cast<size_t>(i / 3), i % 3, kDubois[c][i]});
  }
  return mixes;
}

// Nuke's four channels: disparityR.x on the left grid, disparityR.y, disparityL.x on the right grid, disparityL.y.
std::vector<Mix> disparity(const Names& to) {
  std::vector<Mix> mixes{from(0, 0, -1.0F), constant(0.0F), from(1), constant(0.0F)};
  mixes.resize(to.size());
  return mixes;
}

// Grey, opaque.
std::vector<Mix> grey(const Names& to) {
  std::vector<Mix> mixes{from(0), from(0), from(0), constant(1.0F)};
  mixes.resize(to.size());
  return mixes;
}

// A plane of the left eye in red, of the right eye in cyan.
std::vector<Mix> eyesInColours(const Names& to) {
  std::vector<Mix> mixes{from(0), from(1), from(1), constant(1.0F)};
  mixes.resize(to.size());
  return mixes;
}

// What either eye had to invent.
std::vector<Mix> occlusion(const Settings& settings, const Names& to) {
  if (to.size() == 1) return {from(settings.heroIs("right") ? 0 : 1)};
  return eyesInColours(to);
}

// Whether the host's channels are the plane's, one for one.
bool straight(const std::vector<Mix>& mixes, const std::vector<wire::Plane>& planes) {
  for (size_t i = 0; i < mixes.size(); ++i) {
    if (mixes[i].terms.size() != 1) return false;
    const Term& term = mixes[i].terms[0];
    if (term.plane != 0 || term.channel != static_cast<int>(i) || term.gain != 1.0F) return false;
  }
  return planes[0].channels == static_cast<int64_t>(mixes.size());
}

// Planes of a tile, by row.
struct Rows {
  const wire::TileReply& reply;
  const std::byte* payload;

  const float* at(size_t plane, int64_t y) const {
    const wire::Plane& p = reply.planes[plane];
    return reinterpret_cast<const float*>(payload + p.offset) + y * p.columns * p.channels;
  }
};

void mixRow(const std::vector<Mix>& mixes, const Rows& rows, int64_t y, size_t width, float* row) {
  const size_t count = mixes.size();
  for (size_t c = 0; c < count; ++c) {
    for (size_t x = 0; x < width; ++x) row[x * count + c] = mixes[c].constant;
    for (const Term& term : mixes[c].terms) {
      const float* source = rows.at(term.plane, y) + term.channel;
      const auto step = static_cast<size_t>(rows.reply.planes[term.plane].channels);
      for (size_t x = 0; x < width; ++x) row[x * count + c] += term.gain * source[x * step];
    }
  }
}

// Adds the share of one old row to a new one.
void addRow(const Piece& piece, const std::vector<float>& from, double share, std::vector<double>& to) {
  const size_t count = piece.channels.size();
  for (int64_t x = 0; x < piece.to.width(); ++x) {
    const Span span = piece.across.at(piece.to.x0 + x - piece.place.x0);
    auto at = static_cast<size_t>(piece.eye.x0 + span.first - piece.asked.x0) * count;
    for (const double part : span.shares) {
      for (size_t c = 0; c < count; ++c) to[static_cast<size_t>(x) * count + c] += share * part * from[at++];
    }
  }
}

void paintSqueezed(const Piece& piece, const Rows& rows, const Encoder& encoder, ImageView& image) {
  const size_t count = piece.channels.size();
  const auto wide = static_cast<size_t>(piece.asked.width()), narrow = static_cast<size_t>(piece.to.width());
  std::vector<float> old(wide * count), made(narrow * count);
  for (int64_t y = piece.to.y0; y < piece.to.y1; ++y) {
    std::vector<double> sum(narrow * count);
    const Span span = piece.down.at(y - piece.place.y0);
    int64_t row = piece.eye.y0 + span.first - piece.asked.y0;
    for (const double share : span.shares) {
      mixRow(piece.channels, rows, row++, wide, old.data());
      addRow(piece, old, share, sum);
    }
    std::transform(sum.begin(), sum.end(), made.begin(), [](double value) { return static_cast<float>(value); });
    if (!encoder.none()) encoder.row(made.data(), narrow, count, image.colours());
    writeRow(made.data(), image.at(piece.to.x0, y), made.size(), image.depth());
  }
}

void prove(const Piece& piece, const wire::TileReply& reply) {
  if (reply.planes.size() != piece.outputs.size()) throw Fault("the server sent other planes than were asked");
  for (const auto& plane : reply.planes) {
    const bool fits = plane.rows == piece.asked.height() && plane.columns == piece.asked.width();
    if (!fits || plane.offset % static_cast<int64_t>(sizeof(float)) != 0) throw Fault("the server sent another size");
  }
  for (const auto& mix : piece.channels) {
    for (const Term& term : mix.terms) {
      if (term.channel >= reply.planes[term.plane].channels) throw Fault("the server sent too few channels");
    }
  }
}

}  // namespace

std::vector<Piece> piecesOf(const Settings& settings, const Regions& regions, const Windows& windows, const Box& window,
                            const Names& plate, const Names& to) {
  if (settings.isPair()) return pairOf(settings, regions, windows, window, view(plate, to));
  const Box asked = window.intersect(windows.box(regions.output(settings)));
  if (asked.empty()) return {};
  const auto one = [&](std::vector<std::string> outputs, std::vector<Mix> channels) {
    return std::vector<Piece>{{asked, asked, std::move(outputs), std::move(channels), {}, {}, {}, {}}};
  };
  switch (settings.output) {
    case Output::kLeft:
      return one({wire::output::kLeft}, view(plate, to));
    case Output::kAnaglyph:
      return one({wire::output::kLeft, wire::output::kRight}, anaglyph(settings, plate, to));
    case Output::kDisparity:
      return one({wire::output::kDisparityLeft, wire::output::kDisparityRight}, disparity(to));
    case Output::kInverseDepth:
      return one({wire::output::kInverseDepth}, grey(to));
    case Output::kOcclusion:
      return one({wire::output::kOcclusionLeft, wire::output::kOcclusionRight}, occlusion(settings, to));
    case Output::kWindowMasks:
      return one({wire::output::kWindowLeft, wire::output::kWindowRight}, eyesInColours(to));
    case Output::kRight:
    case Output::kSideBySide:
    case Output::kOverUnder:
      break;
  }
  return one({wire::output::kRight}, view(plate, to));
}

void paint(const Piece& piece, const wire::TileReply& reply, const std::byte* payload, const Encoder& encoder,
           ImageView& image) {
  prove(piece, reply);
  const Rows rows{reply, payload};
  if (!piece.across.none() || !piece.down.none()) return paintSqueezed(piece, rows, encoder, image);
  const auto width = static_cast<size_t>(piece.asked.width());
  const size_t samples = width * piece.channels.size();
  const bool direct = encoder.none() && straight(piece.channels, reply.planes);
  std::vector<float> row(direct ? 0 : samples);
  for (int64_t y = 0; y < piece.asked.height(); ++y) {
    if (!direct) mixRow(piece.channels, rows, y, width, row.data());
    if (!encoder.none()) encoder.row(row.data(), width, piece.channels.size(), image.colours());
    writeRow(direct ? rows.at(0, y) : row.data(), image.at(piece.to.x0, piece.to.y0 + y), samples, image.depth());
  }
}

void clear(const Box& box, ImageView& image) {
  for (int64_t y = box.y0; y < box.y1; ++y) {
    std::memset(image.at(box.x0, y), 0, image.pixelBytes() * static_cast<size_t>(box.width()));
  }
}

}  // namespace art3d
