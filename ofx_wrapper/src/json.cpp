#include "json.h"

#include <algorithm>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace art3d::json {
namespace {

constexpr int kDeepest = 16;

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Value whole() {
    Value value = next(0);
    skip();
    if (!rest_.empty()) fail();
    return value;
  }

 private:
  [[noreturn]] static void fail() { throw std::invalid_argument("not JSON"); }

  void skip() {
    const size_t start = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(start == std::string_view::npos ? rest_.size() : start);
  }

  bool take(std::string_view word) {
    skip();
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  Value next(int depth) {
    if (depth > kDeepest) fail();
    Value value;
    if (take("null")) return value;
    if (take("{")) return members(depth);
    if (take("[")) return items(depth);
    if (take("\"")) return value.kind = Value::Kind::kText, value.text = tail(), value;
    value.kind = Value::Kind::kBool;
    if (take("true")) return value.truth = true, value;
    if (take("false")) return value;
    return number();
  }

  Value members(int depth) {
    Value value;
    value.kind = Value::Kind::kMap;
    if (take("}")) return value;
    do {
      if (!take("\"")) fail();
      const std::string name = tail();
      if (!take(":")) fail();
      value.map[name] = next(depth + 1);
    } while (take(","));
    if (!take("}")) fail();
    return value;
  }

  Value items(int depth) {
    Value value;
    value.kind = Value::Kind::kList;
    if (take("]")) return value;
    do value.list.push_back(next(depth + 1));
    while (take(","));
    if (!take("]")) fail();
    return value;
  }

  Value number() {
    Value value;
    value.kind = Value::Kind::kNumber;
    const size_t size = std::min(rest_.find_first_not_of("+-.0123456789eE"), rest_.size());
    std::istringstream text{std::string(rest_.substr(0, size))};
    text.imbue(std::locale::classic());  // whatever the host's own is
    if (!(text >> value.number) || !text.eof()) fail();
    rest_.remove_prefix(size);
    return value;
  }

  // The rest of a text after its opening quote. Escapes other than \" \\ \/ stay as they are written: nothing that
  // the plug-in reads from a shot file has them.
  std::string tail() {
    std::string text;
    while (!rest_.empty() && rest_.front() != '"') {
      const bool plain = rest_.front() != '\\' || rest_.size() < 2;
      const bool known = !plain && (rest_[1] == '"' || rest_[1] == '\\' || rest_[1] == '/');
      if (!plain && !known) text += '\\';
      if (!plain) rest_.remove_prefix(1);
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) fail();
    rest_.remove_prefix(1);
    return text;
  }

  std::string_view rest_;
};

}  // namespace

Value read(const std::string& text) { return Reader(text).whole(); }

}  // namespace art3d::json
