// A row or column of a picture made shorter: each new sample is the mean of what it covers of the old ones.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace art3d {

// The old samples under one new one, and the share of each; the shares add up to 1.
struct Span {
  int64_t first = 0;
  std::vector<double> shares;
};

// How `from` samples become `to`, no more than those. Equal counts leave every sample as it is.
struct Squeeze {
  int64_t from = 1, to = 1;

  bool none() const { return from == to; }
  Span at(int64_t i) const {
    // In units of which an old sample has `to` and a new one `from`.
    const int64_t low = i * from, high = low + from;
    Span span{low / to, {}};
    for (int64_t k = span.first; k * to < high; ++k) {
      const int64_t covered = std::min(high, (k + 1) * to) - std::max(low, k * to);
      span.shares.push_back(static_cast<double>(covered) / static_cast<double>(from));
    }
    return span;
  }
};

}  // namespace art3d
