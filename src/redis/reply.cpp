#include "redis/reply.hpp"

#include <fmt/format.h>
#include <hiredis/read.h>

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace flashbid::redis {

Reply Reply::of_integer(std::int64_t value) {
  Reply made;
  made.kind_ = Kind::integer;
  made.integer_ = value;
  return made;
}

Reply Reply::of_text(std::string text, Kind kind) {
  require(kind == Kind::text || kind == Kind::status || kind == Kind::error, "a text is a text, a status or an error");
  Reply made;
  made.kind_ = kind;
  made.text_ = std::move(text);
  return made;
}

Reply Reply::of_array(std::vector<Reply> elements) {
  Reply made;
  made.kind_ = Kind::array;
  made.elements_ = std::move(elements);
  return made;
}

std::string_view Reply::error_code() const {
  if (!is_error()) return {};
  return text().substr(0, text_.find(' '));
}

std::string_view Reply::error_detail() const {
  if (!is_error()) return {};
  const auto space = text_.find(' ');
  return space == std::string::npos ? std::string_view() : text().substr(space + 1);
}

// hiredis asks for an object a piece of the reply; it gets Replies, each in its place in its array. Returning nothing
// makes it stop with an error. Only the outermost is ever given back to be freed.
struct ReplyReader::Building {
  std::size_t elements = 0;  // of the reply being read

  static Reply* place(const redisReadTask* task, Reply::Kind kind) {
    Reply* made = nullptr;
    if (task->parent == nullptr) {
      made = new Reply;
    } else {
      // Grown as elements come, not as many as were announced: memory follows what was really sent. Elements that
      // move are whole already; only the last one is still being filled.
      auto& siblings = static_cast<Reply*>(task->parent->obj)->elements_;
      made = &siblings.emplace_back();
    }
    made->kind_ = kind;
    return made;
  }
  static void* make_text(const redisReadTask* task, char* bytes, std::size_t size) {
    const auto kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::error
                      : task->type == REDIS_REPLY_STATUS ? Reply::Kind::status
                                                         : Reply::Kind::text;
    Reply* made = place(task, kind);
    made->text_.assign(bytes, size);
    return made;
  }
  static void* make_array(const redisReadTask* task, int size) {
    auto* self = static_cast<Building*>(task->privdata);
    if (size < 0) return nullptr;
    self->elements += static_cast<std::size_t>(size);
    if (self->elements > max_elements) return nullptr;
    Reply* made = place(task, Reply::Kind::array);
    made->elements_.reserve(std::min(static_cast<std::size_t>(size), std::size_t{64}));
    return made;
  }
  static void* make_integer(const redisReadTask* task, long long value) {
    Reply* made = place(task, Reply::Kind::integer);
    made->integer_ = value;
    return made;
  }
  static void* make_nil(const redisReadTask* task) { return place(task, Reply::Kind::nil); }
  static void free_object(void* object) { delete static_cast<Reply*>(object); }

  static inline redisReplyObjectFunctions functions{make_text, make_array, make_integer, make_nil, free_object};
};

void ReplyReader::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

ReplyReader::ReplyReader()
    : building_(std::make_unique<Building>()), reader_(redisReaderCreateWithFunctions(&Building::functions)) {
  require(reader_ != nullptr, "there is memory for a reader of replies");
  reader_->privdata = building_.get();
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
  if (!broken_.empty() || bytes.empty()) return;
  waiting_bytes_ += bytes.size();
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) broken_ = reader_->errstr;
}

Result<std::optional<Reply>> ReplyReader::next() {
  if (broken_.empty()) {
    void* object = nullptr;
    if (redisReaderGetReply(reader_.get(), &object) != REDIS_OK) {
      broken_ = building_->elements > max_elements ? fmt::format("a reply of over {} elements", max_elements)
                                                   : std::string(reader_->errstr);
      if (broken_.empty()) broken_ = "not the Redis protocol";
    } else if (object != nullptr) {
      const std::unique_ptr<Reply> reply(static_cast<Reply*>(object));
      building_->elements = 0;
      waiting_bytes_ = reader_->len - reader_->pos;
      return std::optional<Reply>(std::move(*reply));
    } else if (waiting_bytes_ > max_bytes) {
      broken_ = fmt::format("a reply of over {} bytes", max_bytes);
    }
  }
  if (!broken_.empty()) return fail(Failure::corrupt, "what Redis sent cannot be read: " + broken_);
  return std::optional<Reply>();
}

}  // namespace flashbid::redis
