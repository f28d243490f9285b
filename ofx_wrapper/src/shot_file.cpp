#include "shot_file.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "json.h"
#include "platform.h"
#include "style_blend.h"

namespace art3d {
namespace {

constexpr double kVersion = 2;
constexpr size_t kKept = 8;
constexpr double kSteadyMost = 64;
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

Edges edgesOf(const json::Value& cut) { return {{Edges::read(cut["left"].text), Edges::read(cut["right"].text)}}; }

template <size_t Count>
std::array<int64_t, Count> wholes(const json::Value& list) {
  std::array<int64_t, Count> found{};
  for (size_t i = 0; i < Count; ++i) found[i] = std::llround(list.list.at(i).number);
  return found;
}

int64_t share(int64_t bar, int64_t of, int64_t whole) {
  return std::llround(static_cast<double>(bar) * static_cast<double>(of) / static_cast<double>(whole));
}

void proveSame(const std::string& path, const char* what, const std::string& shot, const std::string& node) {
  if (shot != node) {
    throw Fault(path + ": the shot was analysed with " + what + " " + shot + ", the node has " + node + kAgain);
  }
}

}  // namespace

ShotFiles::Shot ShotFiles::load(const std::string& path) {
  const std::string text = platform::contentOf(path).value_or("");
  Shot shot;
  try {
    const json::Value body = json::read(text);
    if (body["format"].text != "art3d-shot") throw std::invalid_argument("not a shot file");
    if (body["version"].number > kVersion) {
      throw Fault(path + ": the shot file is of a newer Art3D; update the plug-in");
    }
    // As `host_bridge.shot.file`: version 1 did not settle what a plate's Z means.
    const bool old = body["version"].number < kVersion;
    if (old && body["depth_source"].text == "aov") throw Fault(path + ": the shot file is of an older Art3D" + kAgain);
    const std::string style = body["style"].text;
    shot.depthSource = body["depth_source"].text;
    shot.zMeaning = body["z_meaning"].text, shot.zSettled = old ? "" : body["depth"]["meaning"].text;
    shot.steady = std::llround(std::clamp(body["steady"].number, 0.0, kSteadyMost));
    for (const auto& [number, entry] : body["frames"].map) {
      auto& frame = shot.frames[std::stoll(number)];
      // A style that changes over frames is told for each.
      const auto own = entry.map.find("style");
      frame.style = own == entry.map.end() ? style : own->second.text;
      frame.fixed = frameOf(entry), frame.scene = std::llround(entry["scene"].number);
      frame.bars = wholes<4>(entry["bars"]);
      const auto size = entry.map.find("size");
      if (size != entry.map.end() && !size->second.list.empty()) frame.size = wholes<2>(size->second);
      const auto edges = entry.map.find("edges");
      if (edges != entry.map.end() && !edges->second.map.empty()) {
        frame.edges.emplace("left", edgesOf(edges->second));
        const auto heroes = edges->second.map.find("heroes");
        if (heroes != edges->second.map.end()) {
          for (const auto& [hero, cut] : heroes->second.map) frame.edges.emplace(hero, edgesOf(cut));
        }
      }
    }
  } catch (const std::logic_error& error) {
    throw Fault(path + ": the shot file is damaged: " + error.what() + kAgain);
  }
  return shot;
}

// As `host_bridge.shot.file.ShotEntry.picture`.
Box ShotAt::picture(const Box& data) const {
  if (size[0] <= 0 || size[1] <= 0) return data;
  const Box inside{data.x0 + share(bars[2], data.width(), size[0]), data.y0 + share(bars[0], data.height(), size[1]),
                   data.x1 - share(bars[3], data.width(), size[0]), data.y1 - share(bars[1], data.height(), size[1])};
  return inside.empty() ? data : inside;
}

// As `host_bridge.shot.file.Shot.neighbours`: the walk ends at a cut and at a frame that was not analysed.
int64_t ShotFiles::neighbours(const Shot& shot, int64_t number, int64_t step) {
  const int64_t scene = shot.frames.at(number).scene;
  int64_t found = 0;
  for (; found < shot.steady; ++found) {
    const auto entry = shot.frames.find(number + step * (found + 1));
    if (entry == shot.frames.end() || entry->second.scene != scene) break;
  }
  return found;
}

const ShotFiles::Shot& ShotFiles::current(const std::string& path) {
  const auto found = platform::stateOf(path);
  if (!found) throw Fault(path + ": the shot file cannot be read" + kAgain);
  if (shots_.size() >= kKept && shots_.count(path) == 0) shots_.clear();
  auto& shot = shots_[path];
  if (shot.frames.empty() || shot.changed_ns != found->changed_ns || shot.bytes != found->bytes) {
    shot = load(path);
    shot.changed_ns = found->changed_ns, shot.bytes = found->bytes;
  }
  return shot;
}

ShotAt ShotFiles::at(const std::string& path, int64_t number, const wire::AnalysisSettings& settings) {
  const std::lock_guard lock(mutex_);
  const Shot& shot = current(path);
  proveSame(path, "Z meaning", shot.zMeaning, settings.zMeaning);
  if (settings.depth != "auto") proveSame(path, "depth source", shot.depthSource, settings.depth);
  const auto entry = shot.frames.find(number);
  if (entry == shot.frames.end()) {
    throw Fault(path + ": frame " + std::to_string(number) +
                " is not in the shot analysis; set Shot Offset where the host counts otherwise than the plate's files" + kAgain);
  }
  const std::string& style = entry->second.style;
  if (!sameBlend(style, settings.style)) proveSame(path, "style", style, settings.style);
  const std::string meaning = shot.zSettled.empty() ? settings.zMeaning : shot.zSettled;
  const Entry& found = entry->second;
  return {found.fixed,   shot.depthSource, meaning, neighbours(shot, number, -1), neighbours(shot, number, +1), found.bars,
          found.size};
}

wire::Controls ShotFiles::withWindow(const std::string& path, int64_t number, const wire::Controls& controls,
                                     const std::function<wire::Controls(int64_t)>& knobsAt) {
  if (!leftToShot(controls)) return controls;
  std::vector<std::pair<int64_t, std::optional<Edges>>> scene;
  size_t index = 0;
  {
    const std::lock_guard lock(mutex_);
    const Shot& shot = current(path);
    const auto asked = shot.frames.find(number);
    if (asked == shot.frames.end()) throw Fault(path + ": the shot file changed" + kAgain);
    for (const auto& [other, entry] : shot.frames) {
      if (other == number) index = scene.size();
      if (entry.scene == asked->second.scene) scene.emplace_back(other, entry.edgesFor(controls.hero));
    }
  }
  return resolved(controls, scene, index, knobsAt);
}

}  // namespace art3d
