#include "style_blend.h"

#include <cmath>
#include <locale>
#include <map>
#include <optional>
#include <sstream>

namespace art3d {
namespace {

// A mix that Nuke writes and the one that a shot file holds are rounded differently; no picture shows a share below this.
constexpr double kSameShare = 1e-6;
using Shares = std::map<std::string, double>;

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// As `host_bridge.core.blend.parse_blend`; nothing for a text that is no blend, which the server names.
std::optional<Shares> sharesOf(const std::string& text) {
  if (text.find_first_of(",:") == std::string::npos) return Shares{{text, 1.0}};
  Shares shares;
  double total = 0.0;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const size_t colon = part.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    std::istringstream number(trimmed(part.substr(colon + 1)));
    number.imbue(std::locale::classic());  // a host may write 0,5
    double weight = -1.0;
    if (!(number >> weight) || !number.eof() || !(weight >= 0.0)) return std::nullopt;
    if (!shares.emplace(trimmed(part.substr(0, colon)), weight).second) return std::nullopt;
    total += weight;
  }
  if (!(total > 0.0)) return std::nullopt;
  for (auto& [name, share] : shares) share /= total;
  return shares;
}

double shareOf(const Shares& shares, const std::string& name) {
  const auto found = shares.find(name);
  return found == shares.end() ? 0.0 : found->second;
}

}  // namespace

bool sameBlend(const std::string& one, const std::string& other) {
  if (one == other) return true;
  const auto a = sharesOf(one), b = sharesOf(other);
  if (!a || !b) return false;
  for (const Shares& names : {*a, *b}) {
    for (const auto& [name, _] : names) {
      if (std::abs(shareOf(*a, name) - shareOf(*b, name)) > kSameShare) return false;
    }
  }
  return true;
}

}  // namespace art3d
