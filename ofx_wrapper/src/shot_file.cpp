#include "shot_file.h"

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "json.h"

namespace art3d {
namespace {

constexpr double kVersion = 1;
constexpr const char* kAgain = "; analyse the plate again with `art3d analyse`, or empty the Shot Analysis knob";

wire::ShotFrame frameOf(const json::Value& entry) {
  wire::ShotFrame frame;
  frame.izLow = entry["iz_low"].number;
  frame.izHigh = entry["iz_high"].number;
  frame.zeroPlane = entry["zero_plane"].number;
  frame.fitScale = entry["fit_scale"].number;
  frame.fitShift = entry["fit_shift"].number;
  return frame;
}

}  // namespace

ShotFiles::Shot ShotFiles::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Shot shot;
  try {
    const json::Value body = json::read(text);
    if (body["format"].text != "art3d-shot") throw std::invalid_argument("not a shot file");
    if (body["version"].number > kVersion) {
      throw Fault(path + ": the shot file is of a newer Art3D; update the plug-in");
    }
    shot.style = body["style"].text;
    for (const auto& [number, entry] : body["frames"].map) shot.frames[std::stoll(number)] = frameOf(entry);
  } catch (const std::logic_error& error) {
    throw Fault(path + ": the shot file is damaged: " + error.what() + kAgain);
  }
  return shot;
}

wire::ShotFrame ShotFiles::frame(const std::string& path, int64_t number, const std::string& style) {
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0) throw Fault(path + ": the shot file cannot be read" + kAgain);
  const int64_t changed = found.st_mtim.tv_sec * 1000000000LL + found.st_mtim.tv_nsec;
  const std::lock_guard lock(mutex_);
  auto& shot = shots_[path];
  if (shot.frames.empty() || shot.changed_ns != changed || shot.bytes != found.st_size) {
    shot = load(path);
    shot.changed_ns = changed, shot.bytes = found.st_size;
  }
  if (shot.style != style) {
    throw Fault(path + ": the shot was analysed with style " + shot.style + ", the node has " + style + kAgain);
  }
  const auto entry = shot.frames.find(number);
  if (entry == shot.frames.end()) {
    throw Fault(path + ": frame " + std::to_string(number) + " is not in the shot analysis" + kAgain);
  }
  return entry->second;
}

}  // namespace art3d
