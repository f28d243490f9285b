#include <chrono>
#include <cmath>
#include <new>

#include "actions.h"
#include "compose.h"
#include "neighbours.h"
#include "runtime.h"

namespace art3d {
namespace {

using Clock = std::chrono::steady_clock;

// The host's patience during one render: its wish to stop, and a progress bar when an analysis takes long.
class Patience {
 public:
  explicit Patience(Instance& instance) : instance_(instance) {}
  ~Patience() {
    if (!shown_) return;
    suites().progress.progressEnd(instance_.effect);
    instance_.progressShown = false;
  }
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

  Watch watch() {
    return {[this] { poll(); }, [this] { progress(); }};
  }

 private:
  static constexpr double kShowAfter_s = 1.0;
  static constexpr double kTypical_s = 10.0;  // the bar is two thirds full after so long, and never quite full

  void poll() const {
    if (suites().effect.abort(instance_.effect) != 0) throw Aborted{};
  }

  void progress() {
    const double waited = std::chrono::duration<double>(Clock::now() - started_).count();
    if (waited < kShowAfter_s) return;
    if (!shown_) {
      if (instance_.progressShown.exchange(true)) return;
      shown_ = suites().progress.progressStart(instance_.effect, "Art3D analyses the plate", "art3d.analysis") == ofx::kOk;
      if (!shown_) instance_.progressShown = false;
    }
    const double share = 1.0 - std::exp(-waited / kTypical_s);
    if (shown_ && suites().progress.progressUpdate(instance_.effect, share) == ofx::kReplyNo) throw Aborted{};
  }

  Instance& instance_;
  Clock::time_point started_ = Clock::now();
  bool shown_ = false;
};

struct Job {
  OfxTime time;
  OfxRectI window;
  Grid grid;
};

Job jobOf(const Instance& instance, const Properties& in) {
  const std::string field = in.text(ofx::prop::kFieldToRender, ofx::value::kFieldNone);
  if (field == ofx::value::kFieldLower || field == ofx::value::kFieldUpper) {
    throw Fault("Art3D renders whole frames only; switch field rendering off", ofx::kErrUnsupported);
  }
  const auto window = in.rectI(ofx::prop::kRenderWindow);
  if (!window) throw Fault("the host gave no render window");
  const auto scale = in.pair(ofx::prop::kRenderScale).value_or(std::array<double, 2>{1.0, 1.0});
  return {in.number(ofx::prop::kTime, 0), *window, {scale[0], scale[1], instance.pixelAspect()}};
}

bool inBackground() { return Properties(hostProperties()).integer("OfxImageEffectHostPropIsBackground", 0) != 0; }

wire::TileRequest requestOf(const Instance& instance, const Settings& settings, const std::string& key,
                            const Piece& piece) {
  wire::TileRequest request;
  request.key = key;
  request.settings = settings.analysis;
  request.controls = settings.controls;
  request.box = piece.asked;
  request.outputs = piece.outputs;
  request.priority = inBackground() ? "batch" : "interactive";
  request.viewer = instance.viewer;
  return request;
}

// Gives what an artist should know about a picture that came out all the same.
std::string renderWindow(Instance& instance, const Job& job) {
  Patience patience(instance);
  const Watch watch = patience.watch();
  watch.poll();
  Settings settings = instance.knobs.at(job.time);
  ShotAt shot;
  if (!settings.shot.empty()) {
    shot = instance.shots.at(settings.shot, settings.shotFrame, settings.analysis);
    settings.analysis.depth = shot.depthSource, settings.analysis.zMeaning = shot.zMeaning;
  }
  const Regions regions = regionsOf(instance, settings, job.time);
  const Windows windows = windowsOf(regions, job.grid);
  const ClipImage target(instance.output.handle, job.time, nullptr);
  if (!target) throw Fault("the host gave no picture to render into");
  ImageView image(target.properties(), windows.top);
  if (settings.output == Output::kDisparity && (image.depth() == Depth::kByte || image.depth() == Depth::kShort)) {
    throw Fault("disparity needs a float or half output; set the project to float", ofx::kErrUnsupported);
  }
  const OfxRectI& w = job.window;
  const Box window = flipped({w.x1, w.y1, w.x2, w.y2}, windows.top).intersect(image.box());
  if (window.empty()) return "";
  const Source source(instance, settings, regions, windows, job.time);
  clear(window, image);
  const auto pieces = piecesOf(settings, regions, windows, window, source.plate().channels, image.names());
  if (pieces.empty()) return "";
  const auto [key, warning] = source.key(instance.keys, watch.poll);
  Neighbours plates(instance, settings, job.grid, job.time, source, key, watch);
  if (!settings.shot.empty()) {
    // A host that does not ask whether the node changes anything has no other frames ready for the plate itself.
    if (!settings.isPlate()) {
      shot.fixed.before = plates.keys(shot.before, -1), shot.fixed.after = plates.keys(shot.after, +1);
    }
    settings.analysis.shot = shot.fixed;
    settings.analysis.picture = shot.picture(windows.data);
    settings.controls = instance.shots.withWindow(settings.shot, settings.shotFrame, settings.controls, [&](int64_t number) {
      return instance.knobs.at(job.time + static_cast<double>(number - settings.shotFrame)).controls;
    });
  } else if (leftToShot(settings.controls)) {
    throw Fault("Floating Window follows the shot analysis, and Shot Analysis names no file; name one, or turn it by hand");
  }
  const bool light = !settings.isAnalysis() && image.channels() > 1;
  const Encoder encoder(light ? source.curve() : Curve::kLinear, image.depth());
  for (const Piece& piece : pieces) {
    client()->tile(settings.server, settings.serverCommand, requestOf(instance, settings, key, piece), plates, watch,
                   [&](const wire::TileReply& reply, const std::byte* payload) {
                     paint(piece, reply, payload, encoder, image);
                   });
  }
  return warning;
}

// A host may show a message without the node's name; and a server speaks of the command line's options.
std::string signedLine(const std::string& line) {
  const std::string text = withLabels(line);
  return text.rfind("Art3D", 0) == 0 ? text : "Art3D: " + text;
}

}  // namespace

OfxStatus render(Instance& instance, const Properties& in) {
  OfxStatus status = ofx::kFailed;
  std::string line;
  try {
    const std::string warning = renderWindow(instance, jobOf(instance, in));
    if (warning.empty()) {
      instance.notice.clear();
    } else {
      instance.notice.show(ofx::value::kMessageWarning, signedLine(warning));
    }
    return ofx::kOk;
  } catch (const Aborted&) {
    return ofx::kOk;  // the host throws the picture away
  } catch (const Fault& fault) {
    line = fault.what();
    status = fault.status();
  } catch (const std::bad_alloc&) {
    line = "there is no memory left for this picture; close other projects or lower the proxy scale";
    status = ofx::kErrMemory;
  } catch (const std::exception& error) {
    line = std::string("a fault of Art3D itself: ") + error.what() + "; report it";
  }
  instance.notice.show(ofx::value::kMessageError, signedLine(line));
  return status;
}

}  // namespace art3d
