// From wire planes to the channels of the host's image.
#pragma once

#include <string>
#include <vector>

#include "colour.h"
#include "image_view.h"
#include "squeeze.h"
#include "picture_windows.h"

namespace art3d {

// A plane's channel times a gain.
struct Term {
  size_t plane;
  int channel;
  float gain;
};

// One channel of the host's image: the sum of its terms, or a constant where there are none.
struct Mix {
  std::vector<Term> terms;
  float constant = 0.0F;
};

// One request and where its pixels go.
struct Piece {
  Box asked;                          // plate coordinates
  Box to;                             // the host's image
  std::vector<std::string> outputs;   // wire names
  std::vector<Mix> channels;          // one for each channel of the host's image
  Squeeze across, down;               // from a whole eye to the whole of its place
  Box eye, place;                     // both; used where there is something to squeeze
};

// What a render window needs. `from` names the plate's channels, `to` the host image's. Empty where the window lies
// outside the output's region.
std::vector<Piece> piecesOf(const Settings& settings, const Regions& regions, const Windows& windows, const Box& window,
                            const std::vector<std::string>& from, const std::vector<std::string>& to);

// Writes one piece; `payload` holds the planes, in light.
void paint(const Piece& piece, const wire::TileReply& reply, const std::byte* payload, const Encoder& encoder,
           ImageView& image);
// Makes pixels black and transparent.
void clear(const Box& box, ImageView& image);

}  // namespace art3d
