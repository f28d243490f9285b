#include "neighbours.h"

namespace art3d {
namespace {

constexpr const char* kRemedy =
    "; give the input the range that was analysed, analyse the shot again without steadying, or render it with "
    "`art3d render`";

bool hostGivesOtherFrames() { return Properties(hostProperties()).integer(ofx::prop::kTemporalClipAccess, 1) != 0; }

// A host holds or blackens frames outside a clip's range; neither is the picture that was analysed. A range of one
// frame or less is a host that does not know.
void proveInRange(const Clip& clip, OfxTime time) {
  const auto range = Properties(clip.properties).pair(ofx::prop::kFrameRange);
  if (!range || (*range)[1] <= (*range)[0]) return;
  if (time < (*range)[0] || time > (*range)[1]) throw Fault("the input has no picture there");
}

}  // namespace

Neighbours::Neighbours(Instance& instance, const Settings& settings, const Grid& grid, OfxTime time, const Source& own,
                       const std::string& key, const Watch& watch)
    : instance_(instance), settings_(settings), grid_(grid), time_(time), own_(own), key_(key), watch_(watch) {}

Source Neighbours::at(int64_t away) const {
  const OfxTime time = time_ + static_cast<double>(away);
  try {
    if (!hostGivesOtherFrames()) throw Fault("this host gives a node no other frames");
    proveInRange(instance_.source, time);
    const Regions regions = regionsOf(instance_, settings_, time);
    return Source(instance_, settings_, regions, windowsOf(regions, grid_), time);
  } catch (const Fault& fault) {
    throw Fault("frame " + std::to_string(std::llround(time)) + " steadies this one's depth: " + fault.what() + kRemedy,
                fault.status());
  }
}

std::vector<std::string> Neighbours::keys(int64_t count, int64_t step) {
  std::vector<std::string> found;
  for (int64_t distance = 1; distance <= count; ++distance) {
    watch_.poll();
    found.push_back(at(step * distance).key(instance_.keys, watch_.poll).key);
    away_[found.back()] = step * distance;
  }
  return found;
}

void Neighbours::with(const std::string& key, const std::function<void(const Plate&)>& use) const {
  if (key == key_) return use(own_.plate());
  const auto away = away_.find(key);
  if (away == away_.end()) throw wire::ProtocolFault("it asks for a frame that is none of this shot");
  const Source source = at(away->second);
  use(source.plate());
}

}  // namespace art3d
