// A small OpenFX host that runs wherever the plug-in does: it loads the binary, and does what its input says.
//
// Usage: small_host BINARY ; one command a line, one line of answer each:
//   describe                                    identifier, clips and parameters
//   create | destroy | unload                   status
//   set KNOB VALUE                              status
//   connect CLIP WIDTH HEIGHT DEPTH FILE        FILE holds the pixels, bottom row first, RGBA, as DEPTH says
//   region                                      status, and the output's region of definition
//   render WIDTH HEIGHT DEPTH FILE [POLLS]      status and message; the host wants to stop after so many polls
// tests/ofx_host/small.py speaks to it.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "effect.h"
#include "library.h"
#include "ofx_names.h"

namespace {

using namespace small;

class Host {
 public:
  explicit Host(const std::string& path) : library_(path) {
    properties_.put(ofx::prop::kName, {std::string("org.art3d.smallhost")});
    for (const auto name : {ofx::prop::kSupportsMultiResolution, ofx::prop::kMultipleClipDepths}) properties_.put(name, {1});
    const auto setHost = reinterpret_cast<OfxStatus (*)(const OfxHost*)>(library_.symbol("OfxSetHost"));
    const auto count = reinterpret_cast<int (*)()>(library_.symbol("OfxGetNumberOfPlugins"));
    const auto plugin = reinterpret_cast<OfxPlugin* (*)(int)>(library_.symbol("OfxGetPlugin"));
    if (setHost == nullptr || count == nullptr || plugin == nullptr) throw std::runtime_error("no OpenFX plug-in");
    host_ = {properties_.handle(), [](OfxPropertySetHandle, const char* name, int version) { return suite(name, version); }};
    if (setHost(&host_) != ofx::kOk || count() != 1) throw std::runtime_error("not one plug-in");
    plugin_ = plugin(0);
    plugin_->setHost(&host_);
    if (call(ofx::action::kLoad) != ofx::kOk) throw std::runtime_error("the plug-in does not load");
    call(ofx::action::kDescribe, &described_);
    PropertySet context;
    context.put(ofx::prop::kContext, {std::string(ofx::value::kContextGeneral)});
    call(ofx::action::kDescribeInContext, &described_, &context);
  }

  std::string answer(std::istringstream& line) {
    std::string command;
    line >> command;
    if (command == "describe") return describe();
    if (command == "create") return create();
    if (command == "destroy") return std::to_string(call(ofx::action::kDestroyInstance, &effect_));
    if (command == "unload") return unload();
    if (command == "set") return set(line);
    if (command == "connect") return connect(line);
    if (command == "region") return region();
    if (command == "render") return render(line);
    return "unknown command";
  }

 private:
  static const void* suite(const std::string& name, int version) {
    if (name == ofx::suite::kProperty && version == 1) return &propertySuite();
    if (name == ofx::suite::kImageEffect && version == 1) return &effectSuite();
    if (name == ofx::suite::kParameter && version == 1) return &parameterSuite();
    if (name == ofx::suite::kMessage && version == 2) return &messageSuite();
    return nullptr;
  }

  OfxStatus call(const char* action, Effect* effect = nullptr, PropertySet* in = nullptr, PropertySet* out = nullptr) {
    return plugin_->mainEntry(action, effect, in == nullptr ? nullptr : in->handle(), out == nullptr ? nullptr : out->handle());
  }

  std::string describe() const {
    std::ostringstream text;
    text << plugin_->pluginIdentifier << ' ' << plugin_->pluginVersionMajor;
    for (const auto& [name, clip] : described_.clips) text << ' ' << name;
    for (const auto& [name, parameter] : described_.parameters) text << ' ' << name << ':' << parameter.type;
    return text.str();
  }

  std::string create() {
    effect_ = described_;
    effect_.properties.values.clear();
    effect_.properties.put(ofx::prop::kInstanceData, {static_cast<void*>(nullptr)});
    effect_.properties.put(ofx::prop::kContext, {std::string(ofx::value::kContextGeneral)});
    for (auto& [name, clip] : effect_.clips) {
      clip.owner = &effect_;
      clip.properties.put(ofx::prop::kClipConnected, {0});
      clip.properties.put(ofx::prop::kImagePixelAspect, {1.0});
    }
    return std::to_string(call(ofx::action::kCreateInstance, &effect_));
  }

  std::string unload() {
    const OfxStatus status = call(ofx::action::kUnload);
    library_.close();
    return std::to_string(status);
  }

  std::string set(std::istringstream& line) {
    std::string name, text;
    line >> name >> std::ws;
    std::getline(line, text);
    const auto found = effect_.parameters.find(name);
    if (found == effect_.parameters.end()) return "unknown knob";
    Parameter& knob = found->second;
    if (knob.type == ofx::value::kParamString) {
      knob.value = {text};
    } else if (knob.type == ofx::value::kParamDouble) {
      knob.value = {std::stod(text)};
    } else {
      knob.value = {std::stoi(text)};
    }
    return "0";
  }

  std::string connect(std::istringstream& line) {
    std::string name, path;
    Picture picture;
    line >> name >> picture.width >> picture.height >> picture.depth >> std::ws;
    std::getline(line, path);
    std::ifstream file(path, std::ios::binary);
    picture.bytes.assign(std::istreambuf_iterator<char>(file), {});
    if (picture.bytes.size() != static_cast<size_t>(picture.rowBytes()) * static_cast<size_t>(picture.height)) {
      return path + " has another size";
    }
    Clip& clip = effect_.clips.at(name);
    clip.picture = &(fed_[name] = std::move(picture));
    clip.properties.put(ofx::prop::kClipConnected, {1});
    clip.properties.put(ofx::prop::kUnmappedComponents, {std::string(ofx::value::kComponentRgba)});
    return "0";
  }

  std::string region() {
    PropertySet in, out;
    in.put(ofx::prop::kTime, {0.0});
    in.put(ofx::prop::kRenderScale, {1.0, 1.0});
    std::ostringstream text;
    text << call(ofx::action::kRegionOfDefinition, &effect_, &in, &out);
    for (const Value& value : out.values[ofx::prop::kRegionOfDefinition]) text << ' ' << std::get<double>(value);
    return text.str();
  }

  std::string render(std::istringstream& line) {
    std::string path;
    Picture target;
    int polls = -1;
    line >> target.width >> target.height >> target.depth >> path >> polls;
    target.bytes.assign(static_cast<size_t>(target.rowBytes()) * static_cast<size_t>(target.height), 0xA5);
    effect_.clips.at(ofx::value::kOutputClip).picture = &target;
    effect_.pollsLeft = line ? polls : -1;
    PropertySet in;
    in.put(ofx::prop::kTime, {0.0});
    in.put(ofx::prop::kFieldToRender, {std::string(ofx::value::kFieldNone)});
    in.put(ofx::prop::kRenderWindow, {0, 0, target.width, target.height});
    in.put(ofx::prop::kRenderScale, {1.0, 1.0});
    const OfxStatus status = call(ofx::action::kRender, &effect_, &in);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(target.bytes.data()), static_cast<std::streamsize>(target.bytes.size()));
    const std::string kept = effect_.openImages == 0 ? "" : " (images were kept)";
    return std::to_string(status) + " " + effect_.message + kept;
  }

  Library library_;
  PropertySet properties_;
  OfxHost host_{};
  OfxPlugin* plugin_ = nullptr;
  Effect described_, effect_;
  std::map<std::string, Picture> fed_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::fprintf(stderr, "usage: small_host BINARY\n"), 2;
  try {
    Host host(arguments[1]);
    std::printf("loaded\n");
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
      while (!line.empty() && line.back() == '\r') line.pop_back();
      std::istringstream words(line);
      std::printf("%s\n", host.answer(words).c_str());
      std::fflush(stdout);
    }
  } catch (const std::exception& error) {
    return std::printf("%s\n", error.what()), 1;
  }
  return 0;
}
