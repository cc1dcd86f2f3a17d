// The values that a JSON text of ours is made of, and where they stand in it: to change one at a time.
#pragma once

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace flashbid::testing {

struct JsonLeaf {
  std::string path;  // "auction.increment", "increment.table[0][1]"
  std::size_t begin = 0;
  std::size_t end = 0;
};

class JsonLeaves {
 public:
  explicit JsonLeaves(std::string_view text) : text_(text) { value(""); }
  [[nodiscard]] const std::vector<JsonLeaf>& all() const { return leaves_; }

 private:
  void value(const std::string& path) {
    if (at_ >= text_.size()) return;
    if (text_[at_] == '{') return object(path);
    if (text_[at_] == '[') return array(path);
    const std::size_t begin = at_;
    if (text_[at_] == '"') {
      string();
    } else {
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']') ++at_;
    }
    leaves_.push_back({path, begin, at_});
  }
  void object(const std::string& path) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != '}') {
      const std::size_t begin = at_;
      string();
      const std::string name(text_.substr(begin + 1, at_ - begin - 2));
      ++at_;  // the colon
      value(path.empty() ? name : path + '.' + name);
      if (at_ < text_.size() && text_[at_] == ',') ++at_;
    }
    ++at_;
  }
  void array(const std::string& path) {
    ++at_;
    for (std::size_t i = 0; at_ < text_.size() && text_[at_] != ']'; ++i) {
      value(path + '[' + std::to_string(i) + ']');
      if (at_ < text_.size() && text_[at_] == ',') ++at_;
    }
    ++at_;
  }
  void string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<JsonLeaf> leaves_;
};

}  // namespace flashbid::testing
