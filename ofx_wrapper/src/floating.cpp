#include "floating.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "host.h"

namespace art3d {
namespace {

constexpr size_t kBands = 8;
constexpr double kInner = 0.8;  // as `host_bridge.shot.budget.INNER`
constexpr double kLeast = 0.1, kMargin = 0.05, kWorth = 0.75, kMost = 20.0, kTiny = 1e-9;
constexpr int64_t kEase = 12;
constexpr double kPi = 3.14159265358979323846;

using Ends = std::array<double, 4>;  // left top, left bottom, right top, right bottom, %

double limitedSide(double d, double limit) {
  const double knee = kInner * limit, room = limit - knee, over = d - knee;
  return over > 0 ? limit - room / (1 + over / room) : d;
}

double limited(double d, const wire::Controls& c) {
  if (c.depthBudget == "none") return d;
  return d >= 0 ? limitedSide(d, c.budgetFront) : -limitedSide(-d, c.budgetBehind);
}

std::array<double, 2> line(const std::vector<Band>& side, const wire::Controls& c) {
  double straight = 0, top = 0, bottom = 0;
  for (size_t i = 0; i < side.size(); ++i) {
    const Band& band = side[i];
    const double d = limited(
        -band.parallax + (c.depthGain - 1) * band.depth + (c.sculpt - 1) * band.sculpt - c.zeroPlane, c);
    if (d <= kLeast) continue;
    const double need = d + kMargin, first = static_cast<double>(i) / kBands, last = static_cast<double>(i + 1) / kBands;
    straight = std::max(straight, need);
    top = std::max(top, need / std::max(1 - last, kTiny));
    bottom = std::max(bottom, need / std::max(first, kTiny));
  }
  straight = std::min(straight, kMost);
  const double slanted = std::min(top, bottom);
  if (straight == 0 || slanted / 2 >= kWorth * straight || slanted > kMost) return {straight, straight};
  return top < bottom ? std::array<double, 2>{top, 0} : std::array<double, 2>{0, bottom};
}

Ends needed(const Edges& edges, const wire::Controls& c) {
  const auto left = line(edges.sides[0], c), right = line(edges.sides[1], c);
  return {left[0], left[1], right[0], right[1]};
}

Ends most(const std::vector<Ends>& needs, size_t first, size_t end) {
  Ends found{};
  for (size_t i = first; i < end; ++i) {
    for (size_t k = 0; k < found.size(); ++k) found[k] = std::max(found[k], needs[i][k]);
  }
  return found;
}

Ends eased(const std::vector<Ends>& needs, size_t index) {
  const auto count = static_cast<int64_t>(needs.size());
  Ends total{};
  double weights = 0;
  for (int64_t away = -kEase; away <= kEase; ++away) {
    const int64_t middle = std::clamp(static_cast<int64_t>(index) + away, int64_t{0}, count - 1);
    const Ends part = most(needs, static_cast<size_t>(std::max(int64_t{0}, middle - kEase)),
                           static_cast<size_t>(std::min(count, middle + kEase + 1)));
    const double weight = 0.5 + 0.5 * std::cos(kPi * static_cast<double>(away) / (kEase + 1));
    for (size_t k = 0; k < total.size(); ++k) total[k] += weight * part[k];
    weights += weight;
  }
  for (double& end : total) end /= weights;
  return total;
}

void describe(double top, double bottom, double& amount, double& slant) {
  const double widest = std::max(top, bottom);
  amount = std::min(widest, kMost);
  slant = widest > 0 ? std::clamp((bottom - top) / widest, -1.0, 1.0) : 0;
}

}  // namespace

std::vector<Band> Edges::read(const std::string& text) {
  std::vector<Band> found;
  std::istringstream bands(text);
  bands.imbue(std::locale::classic());
  for (std::string one; std::getline(bands, one, ',');) {
    std::istringstream numbers(one);
    numbers.imbue(std::locale::classic());
    Band band;
    if (!(numbers >> band.parallax >> band.depth >> band.sculpt)) throw std::invalid_argument("an edge without numbers");
    found.push_back(band);
  }
  if (found.size() != kBands) throw std::invalid_argument("an edge of other bands");
  return found;
}

bool leftToShot(const wire::Controls& controls) {
  return controls.floatingWindow == "auto" || controls.floatingWindow == "static";
}

wire::Controls resolved(const wire::Controls& controls, const std::vector<std::pair<int64_t, std::optional<Edges>>>& scene,
                        size_t index, const std::function<wire::Controls(int64_t)>& at) {
  const bool moves = controls.floatingWindow == "auto";
  const size_t reach = 2 * kEase, first = moves && index > reach ? index - reach : 0;
  const size_t end = moves ? std::min(scene.size(), index + reach + 1) : scene.size();
  std::vector<Ends> needs;
  for (size_t i = first; i < end; ++i) {
    const auto& [number, edges] = scene[i];
    if (!edges) throw Fault("the shot file is too old to know where a floating window is needed with this hero eye; analyse the plate again");
    needs.push_back(needed(*edges, i == index ? controls : at(number)));
  }
  const Ends ends = moves ? eased(needs, index - first) : most(needs, 0, needs.size());
  wire::Controls found = controls;
  found.floatingWindow = "manual";
  describe(ends[0], ends[1], found.floatingLeft, found.floatingLeftSlant);
  describe(ends[2], ends[3], found.floatingRight, found.floatingRightSlant);
  return found;
}

}  // namespace art3d
