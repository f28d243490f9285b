#include "codec.h"

#include <cstring>

namespace art3d::wire {
namespace {

constexpr size_t kItems = kListItems;
constexpr size_t kNestingHere = 2 * kNesting;  // free maps, such as statistics, may be deeper than a request

}  // namespace

// Always a float64: msgpack-c would shorten a whole number to an integer.
std::string packOne(double& value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  std::string bytes(1, '\xcb');
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift & 0xFFU);
  return bytes;
}

std::string packMap(const Packed& fields) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer>(buffer).pack_map(static_cast<uint32_t>(fields.size()));
  std::string bytes(buffer.data(), buffer.size());
  for (const auto& [key, value] : fields) bytes += packPlain(key) + value;
  return bytes;
}

Header::Header(const void* data, size_t size) {
  try {
    size_t used = 0;
    const msgpack::unpack_limit limit(kItems, kItems, kReplyHeaderBytes, 0, 0, kNestingHere);
    held_ = msgpack::unpack(static_cast<const char*>(data), size, used, nullptr, nullptr, limit);
    if (used != size) throw ProtocolFault("bytes follow a header");
  } catch (const msgpack::unpack_error& error) {
    throw ProtocolFault(error.what());
  }
  if (held_->type != msgpack::type::MAP) throw ProtocolFault("a header is not a map");
  Reader reader{held_.get()};
  reader("id", id_);
  reader("kind", kind_);
}

const msgpack::object* find(const msgpack::object& map, const char* key) {
  const std::string_view wanted(key);
  const auto& entries = map.via.map;
  for (uint32_t i = 0; i < entries.size; ++i) {
    const msgpack::object& name = entries.ptr[i].key;
    if (name.type != msgpack::type::STR) throw ProtocolFault("a key is not a text");
    if (std::string_view(name.via.str.ptr, name.via.str.size) == wanted) return &entries.ptr[i].val;
  }
  return nullptr;
}

void unpackOne(const msgpack::object& from, int64_t& value) {
  if (from.type == msgpack::type::POSITIVE_INTEGER && from.via.u64 <= INT64_MAX) {
    value = static_cast<int64_t>(from.via.u64);
  } else if (from.type == msgpack::type::NEGATIVE_INTEGER) {
    value = from.via.i64;
  } else {
    throw ProtocolFault("a number is not a 64-bit integer");
  }
}

void unpackOne(const msgpack::object& from, double& value) {
  if (from.type == msgpack::type::FLOAT64 || from.type == msgpack::type::FLOAT32) {
    value = from.via.f64;
    return;
  }
  int64_t whole = 0;
  unpackOne(from, whole);
  value = static_cast<double>(whole);
}

void unpackOne(const msgpack::object& from, bool& value) {
  if (from.type != msgpack::type::BOOLEAN) throw ProtocolFault("a field is not a boolean");
  value = from.via.boolean;
}

void unpackOne(const msgpack::object& from, std::string& value) {
  if (from.type != msgpack::type::STR) throw ProtocolFault("a field is not a text");
  value.assign(from.via.str.ptr, from.via.str.size);
}

void unpackOne(const msgpack::object& from, Free& value) {
  if (from.type != msgpack::type::MAP) throw ProtocolFault("a field is not a map");
  value.packed = packPlain(from);
}

void unpackOne(const msgpack::object& from, Box& value) {
  const auto& list = listOf(from);
  if (list.size != 4) throw ProtocolFault("a box does not have four corners");
  int64_t* const corners[] = {&value.x0, &value.y0, &value.x1, &value.y1};
  for (uint32_t i = 0; i < 4; ++i) unpackOne(list.ptr[i], *corners[i]);
}

void unpackOne(const msgpack::object& from, std::array<int64_t, 2>& value) {
  const auto& list = listOf(from);
  if (list.size != 2) throw ProtocolFault("a version does not have two numbers");
  for (uint32_t i = 0; i < 2; ++i) unpackOne(list.ptr[i], value[i]);
}

const msgpack::object_array& listOf(const msgpack::object& from) {
  if (from.type != msgpack::type::ARRAY) throw ProtocolFault("a field is not a list");
  return from.via.array;
}

}  // namespace art3d::wire
