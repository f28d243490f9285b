// What the plug-in says to a server and hears from it; docs/protocol.md is the authority.
//
// Each message lists its fields once, in `visit`; `codec.h` turns that list into bytes and back. The names are the
// keys on the wire.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "art3d_constants.h"
#include "geometry.h"

namespace art3d::wire {

// A map whose keys nobody promised, kept as the msgpack bytes it came in.
struct Free {
  std::string packed{'\x80'};
};

struct ShotFrame {
  double izLow = 0, izHigh = 1, depthGain = 1, zeroPlane = 0;
  std::optional<double> fitScale, fitShift;
  std::vector<std::string> before, after;
  template <class Fields>
  void visit(Fields& f) {
    f("iz_low", izLow), f("iz_high", izHigh), f("depth_gain", depthGain), f("zero_plane", zeroPlane);
    f("fit_scale", fitScale), f("fit_shift", fitShift), f("before", before), f("after", after);
  }
};

struct AnalysisSettings {
  std::string depth, style, zMeaning;
  std::optional<ShotFrame> shot;
  int64_t proxy = 1;
  std::optional<Box> picture;
  template <class Fields>
  void visit(Fields& f) {
    f("depth", depth), f("style", style), f("z_meaning", zMeaning), f("shot", shot), f("proxy", proxy);
    f("picture", picture);
  }
};

struct Controls {
  double depthGain = 0, zeroPlane = 0, sculpt = 0, budgetFront = 0, budgetBehind = 0;
  double floatingLeft = 0, floatingRight = 0, floatingLeftSlant = 0, floatingRightSlant = 0, floatingSoftness = 0;
  std::string depthBudget, hero, fill, edges, matte, floatingWindow, floatingMask;
  bool occlusionToAlpha = false;
  template <class Fields>
  void visit(Fields& f) {
    f("depth_gain", depthGain), f("zero_plane", zeroPlane), f("sculpt", sculpt);
    f("budget_front", budgetFront), f("budget_behind", budgetBehind), f("depth_budget", depthBudget);
    f("hero", hero), f("fill", fill), f("edges", edges), f("occlusion_to_alpha", occlusionToAlpha);
    f("matte", matte);
    f("floating_window", floatingWindow), f("floating_left", floatingLeft), f("floating_right", floatingRight);
    f("floating_left_slant", floatingLeftSlant), f("floating_right_slant", floatingRightSlant);
    f("floating_softness", floatingSoftness), f("floating_mask", floatingMask);
  }
};

struct Segment {
  int64_t pid = 0, fd = 0, nbytes = 0;
  std::string token;
  template <class Fields>
  void visit(Fields& f) {
    f("pid", pid), f("fd", fd), f("token", token), f("nbytes", nbytes);
  }
};

struct Plane {
  std::string name;
  int64_t rows = 0, columns = 0, channels = 0, offset = 0;
  template <class Fields>
  void visit(Fields& f) {
    f("name", name), f("rows", rows), f("columns", columns), f("channels", channels), f("offset", offset);
  }
};

struct Layer : Plane {
  std::string dtype;
  template <class Fields>
  void visit(Fields& f) {
    Plane::visit(f), f("dtype", dtype);
  }
};

struct Hello {
  static constexpr auto& kKind = kind::kHello;
  std::string client;
  std::array<int64_t, 2> protocol{};
  template <class Fields>
  void visit(Fields& f) {
    f("client", client), f("protocol", protocol);
  }
};

struct Welcome {
  static constexpr auto& kKind = kind::kWelcome;
  std::string server, instance, session, control, log;
  std::array<int64_t, 2> protocol{};
  std::vector<Free> styles, depthSources;
  std::vector<std::string> devices;
  Free limits;
  int64_t pid = 0;
  std::optional<Segment> probe;
  template <class Fields>
  void visit(Fields& f) {
    f("server", server), f("protocol", protocol), f("instance", instance), f("session", session);
    f("styles", styles), f("depth_sources", depthSources), f("limits", limits), f("devices", devices);
    f("pid", pid), f("control", control), f("log", log), f("probe", probe);
  }
};

struct NeedFrame {
  static constexpr auto& kKind = kind::kNeedFrame;
  std::vector<std::string> keys;
  template <class Fields>
  void visit(Fields& f) {
    f("keys", keys);
  }
};

struct PutFrame {
  static constexpr auto& kKind = kind::kPutFrame;
  std::string key, transport;
  Box display, data;
  std::vector<std::string> channels;
  std::vector<Layer> layers;
  int64_t nbytes = 0;
  double pixelAspect = 1;
  template <class Fields>
  void visit(Fields& f) {
    f("key", key), f("display", display), f("data", data), f("channels", channels), f("layers", layers);
    f("nbytes", nbytes), f("pixel_aspect", pixelAspect), f("transport", transport);
  }
};

struct SendFrame {
  static constexpr auto& kKind = kind::kSendFrame;
  int64_t upload = 0;
  std::optional<Segment> segment;
  template <class Fields>
  void visit(Fields& f) {
    f("upload", upload), f("segment", segment);
  }
};

struct Chunk {
  static constexpr auto& kKind = kind::kChunk;
  int64_t upload = 0, offset = 0;
  template <class Fields>
  void visit(Fields& f) {
    f("upload", upload), f("offset", offset);
  }
};

struct Written {
  static constexpr auto& kKind = kind::kWritten;
  int64_t upload = 0, nbytes = 0;
  template <class Fields>
  void visit(Fields& f) {
    f("upload", upload), f("nbytes", nbytes);
  }
};

struct Commit {
  static constexpr auto& kKind = kind::kCommit;
  int64_t upload = 0;
  template <class Fields>
  void visit(Fields& f) {
    f("upload", upload);
  }
};

struct Held {
  static constexpr auto& kKind = kind::kHeld;
  std::string key;
  template <class Fields>
  void visit(Fields& f) {
    f("key", key);
  }
};

struct TileRequest {
  static constexpr auto& kKind = kind::kTileRequest;
  std::string key, priority, viewer, transport;
  AnalysisSettings settings;
  Controls controls;
  Box box;
  std::vector<std::string> outputs;
  template <class Fields>
  void visit(Fields& f) {
    f("key", key), f("settings", settings), f("controls", controls), f("box", box), f("outputs", outputs);
    f("priority", priority), f("viewer", viewer), f("transport", transport);
  }
};

struct TileReply {
  static constexpr auto& kKind = kind::kTile;
  Box box;
  std::vector<Plane> planes;
  Free stats;
  int64_t nbytes = 0, lease = 0;
  std::optional<Segment> segment;
  template <class Fields>
  void visit(Fields& f) {
    f("box", box), f("planes", planes), f("stats", stats), f("nbytes", nbytes);
    f("segment", segment), f("lease", lease);
  }
};

struct Release {
  static constexpr auto& kKind = kind::kRelease;
  std::vector<int64_t> leases;
  template <class Fields>
  void visit(Fields& f) {
    f("leases", leases);
  }
};

struct Cancel {
  static constexpr auto& kKind = kind::kCancel;
  std::string session;
  std::vector<int64_t> requests;
  template <class Fields>
  void visit(Fields& f) {
    f("session", session), f("requests", requests);
  }
};

struct Progress {
  static constexpr auto& kKind = kind::kProgress;
  std::vector<int64_t> requests;
  std::string stage;
  template <class Fields>
  void visit(Fields& f) {
    f("requests", requests), f("stage", stage);
  }
};

struct Bye {
  static constexpr auto& kKind = kind::kBye;
  template <class Fields>
  void visit(Fields&) {}
};

struct Failure {
  static constexpr auto& kKind = kind::kError;
  std::string code, message, remedy, where;
  bool retryable = false;
  template <class Fields>
  void visit(Fields& f) {
    f("code", code), f("message", message), f("remedy", remedy), f("where", where), f("retryable", retryable);
  }
};

}  // namespace art3d::wire
