// The plates that one render may have to upload: its own, and those of the frames that steady its depth.
#pragma once

#include <map>

#include "link.h"
#include "source.h"

namespace art3d {

// A neighbour is fetched from the host when it is needed and given back at once, so that however many steady a frame,
// no more than two pictures are held.
class Neighbours final : public Plates {
 public:
  Neighbours(Instance& instance, const Settings& settings, const Grid& grid, OfxTime time, const Source& own,
             const std::string& key, const Watch& watch);

  // Keys of so many frames before (`step` −1) or after (+1) this one, nearest first. Throws Fault when the host does not
  // give one of them.
  std::vector<std::string> keys(int64_t count, int64_t step);
  void with(const std::string& key, const std::function<void(const Plate&)>& use) const override;

 private:
  Source at(int64_t away) const;

  Instance& instance_;
  const Settings& settings_;
  Grid grid_;
  OfxTime time_;
  const Source& own_;
  std::string key_;
  const Watch& watch_;
  std::map<std::string, int64_t> away_;  // key → frames from this one
};

}  // namespace art3d
