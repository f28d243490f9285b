// Reads messages from files, decodes each as its kind and encodes it again; prints nothing but faults.
//
// Usage: wire_vectors FILE... ; exits with 1 when a message comes back as other bytes.
#include <cstdio>
#include <fstream>
#include <iterator>

#include "codec.h"

namespace {

using namespace art3d::wire;

template <class Message>
bool again(const Header& header, std::string& bytes) {
  if (!header.is<Message>()) return false;
  bytes = encode(header.id(), header.as<Message>());
  return true;
}

template <class... Messages>
bool anyOf(const Header& header, std::string& bytes) {
  return (again<Messages>(header, bytes) || ...);
}

// 0: the same bytes, 1: others, 2: a kind that the plug-in neither says nor hears.
int check(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const Header header(bytes.data(), bytes.size());
  std::string found;
  if (!anyOf<Hello, Welcome, NeedFrame, PutFrame, SendFrame, Chunk, Written, Commit, Held, TileRequest, TileReply,
             Release, Cancel, Progress, Bye, Failure>(header, found)) {
    return 2;
  }
  return found == bytes ? 0 : 1;
}

}  // namespace

int main(int count, char** paths) {
  int checked = 0;
  for (int i = 1; i < count; ++i) {
    try {
      const int result = check(paths[i]);
      if (result == 1) return std::fprintf(stderr, "%s: other bytes\n", paths[i]), 1;
      checked += result == 0;
    } catch (const std::exception& error) {
      return std::fprintf(stderr, "%s: %s\n", paths[i], error.what()), 1;
    }
  }
  std::printf("%d\n", checked);
  return 0;
}
