// Messages to bytes and back: one msgpack map with its keys in order, plus `id` and `kind`. No socket here.
#pragma once

#include <map>
#include <msgpack.hpp>

#include "host.h"
#include "messages.h"

namespace art3d::wire {

using Packed = std::map<std::string, std::string>;  // key → msgpack bytes, in order

std::string packMap(const Packed& fields);

template <class Value>
std::string packed(Value& value);

// Collects the fields of a message as bytes.
struct Writer {
  Packed fields;
  template <class Value>
  void operator()(const char* name, Value& value) {
    fields[name] = packed(value);
  }
};

template <class Value>
std::string packPlain(const Value& value) {
  msgpack::sbuffer buffer;
  msgpack::pack(buffer, value);
  return {buffer.data(), buffer.size()};
}

template <class Item>
std::string packList(Item* items, size_t count) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer>(buffer).pack_array(static_cast<uint32_t>(count));
  std::string bytes(buffer.data(), buffer.size());
  for (size_t i = 0; i < count; ++i) bytes += packed(items[i]);
  return bytes;
}

inline std::string packOne(int64_t& value) { return packPlain(value); }
std::string packOne(double& value);
inline std::string packOne(bool& value) { return packPlain(value); }
inline std::string packOne(std::string& value) { return packPlain(value); }
inline std::string packOne(Free& value) { return value.packed; }
inline std::string packOne(Box& box) {
  std::array<int64_t, 4> corners{box.x0, box.y0, box.x1, box.y1};
  return packList(corners.data(), corners.size());
}
inline std::string packOne(std::array<int64_t, 2>& pair) { return packList(pair.data(), pair.size()); }
template <class Item>
std::string packOne(std::vector<Item>& items) {
  return packList(items.data(), items.size());
}
template <class Inner>
std::string packOne(std::optional<Inner>& value) {
  return value ? packed(*value) : packPlain(msgpack::type::nil_t());
}
template <class Record>
auto packOne(Record& record) -> decltype(record.visit(std::declval<Writer&>()), std::string()) {
  Writer writer;
  record.visit(writer);
  return packMap(writer.fields);
}

template <class Value>
std::string packed(Value& value) {
  return packOne(value);
}

// The bytes of a message.
template <class Message>
std::string encode(int64_t id, Message message) {
  Writer writer;
  message.visit(writer);
  std::string kind = Message::kKind;
  writer("id", id);
  writer("kind", kind);
  return packMap(writer.fields);
}

// Bytes that are not this protocol.
class ProtocolFault : public Fault {
 public:
  explicit ProtocolFault(const std::string& what)
      : Fault("the server does not speak Art3D's protocol: " + what + "; check the Server knob") {}
};

// A decoded header: its id, its kind, and the fields of whatever message the kind means.
class Header {
 public:
  // Throws ProtocolFault for anything but one bounded map with an id and a kind.
  Header(const void* data, size_t size);
  int64_t id() const { return id_; }
  const std::string& kind() const { return kind_; }
  template <class Message>
  bool is() const {
    return kind_ == Message::kKind;
  }
  template <class Message>
  Message as() const;

 private:
  msgpack::object_handle held_;
  int64_t id_ = 0;
  std::string kind_;
};

const msgpack::object* find(const msgpack::object& map, const char* key);

template <class Value>
void unpack(const msgpack::object& from, Value& value);

// Fills the fields of a message; a field that is not there keeps its default, an unknown one is ignored.
struct Reader {
  const msgpack::object& map;
  template <class Value>
  void operator()(const char* name, Value& value) {
    const msgpack::object* found = find(map, name);
    if (found != nullptr) unpack(*found, value);
  }
};

void unpackOne(const msgpack::object& from, int64_t& value);
void unpackOne(const msgpack::object& from, double& value);
void unpackOne(const msgpack::object& from, bool& value);
void unpackOne(const msgpack::object& from, std::string& value);
void unpackOne(const msgpack::object& from, Free& value);
void unpackOne(const msgpack::object& from, Box& value);
void unpackOne(const msgpack::object& from, std::array<int64_t, 2>& value);
const msgpack::object_array& listOf(const msgpack::object& from);

template <class Item>
void unpackOne(const msgpack::object& from, std::vector<Item>& value) {
  const auto& list = listOf(from);
  value.resize(list.size);
  for (uint32_t i = 0; i < list.size; ++i) unpack(list.ptr[i], value[i]);
}
template <class Inner>
void unpackOne(const msgpack::object& from, std::optional<Inner>& value) {
  value.reset();
  if (!from.is_nil()) unpack(from, value.emplace());
}
template <class Record>
auto unpackOne(const msgpack::object& from, Record& record) -> decltype(record.visit(std::declval<Reader&>()), void()) {
  if (from.type != msgpack::type::MAP) throw ProtocolFault("a record is not a map");
  Reader reader{from};
  record.visit(reader);
}

template <class Value>
void unpack(const msgpack::object& from, Value& value) {
  unpackOne(from, value);
}

template <class Message>
Message Header::as() const {
  Message message;
  unpack(held_.get(), message);
  return message;
}

}  // namespace art3d::wire
