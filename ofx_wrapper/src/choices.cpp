#include "choices.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include "codec.h"
#include "platform.h"

namespace art3d {
namespace {

constexpr size_t kMost = 200, kLongest = 100;
const char* const kStyle = "style ";
const char* const kDepth = "depth ";

std::filesystem::path fileOf() {
  const std::string folder = platform::cacheFolder();
  return folder.empty() ? std::filesystem::path() : std::filesystem::u8path(folder) / "art3d" / "choices";
}

std::string nameOf(const wire::Free& entry) {
  try {
    const auto held = msgpack::unpack(entry.packed.data(), entry.packed.size());
    const msgpack::object* name = held->type == msgpack::type::MAP ? wire::find(held.get(), "name") : nullptr;
    std::string text;
    if (name != nullptr) wire::unpackOne(*name, text);
    const bool plain = text.size() <= kLongest && text.find_first_of("\r\n") == std::string::npos;
    return plain ? text : "";
  } catch (const std::exception&) {
    return "";
  }
}

std::string linesOf(const char* kind, const std::vector<wire::Free>& entries) {
  std::string text;
  for (const wire::Free& entry : entries) {
    if (const std::string name = nameOf(entry); !name.empty()) text += kind + name + "\n";
  }
  return text;
}

}  // namespace

Choices knownChoices() {
  Choices found;
  std::istringstream text(platform::contentOf(fileOf().u8string()).value_or(""));
  for (std::string line; std::getline(text, line);) {
    for (const auto& [kind, list] : {std::pair{kStyle, &found.styles}, {kDepth, &found.depthSources}}) {
      if (line.rfind(kind, 0) == 0 && list->size() < kMost) list->push_back(line.substr(std::string(kind).size()));
    }
  }
  if (found.styles.empty()) found.styles = {"neutral", "gentle", "immersive", "popout"};
  if (found.depthSources.empty()) found.depthSources = {"aov", "mini"};
  if (found.depthSources.front() != "auto") found.depthSources.insert(found.depthSources.begin(), "auto");
  return found;
}

void remember(const wire::Welcome& welcome) {
  static std::mutex mutex;
  static std::string kept;
  const std::string text = linesOf(kStyle, welcome.styles) + linesOf(kDepth, welcome.depthSources);
  const std::filesystem::path file = fileOf();
  const std::lock_guard lock(mutex);
  if (text == kept || text.empty() || file.empty()) return;
  kept = text;
  // Another process may read it at the same time: it finds the old file or the new one.
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  const auto whole = file.parent_path() / ("choices." + std::to_string(platform::processId()));
  std::ofstream(whole, std::ios::binary) << text;
  std::filesystem::rename(whole, file, ignored);
  if (ignored) std::filesystem::remove(whole, ignored);
}

}  // namespace art3d
