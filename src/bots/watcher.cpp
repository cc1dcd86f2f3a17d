#include "bots/watcher.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "checker/reading.hpp"

namespace flashbid::bots {
namespace {

constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr auto pause_before_return = std::chrono::milliseconds(100);

}  // namespace

Watcher::Watcher(Desk& desk, FrameMemory& memory, std::size_t number)
    : desk_(desk),
      memory_(memory),
      number_(number),
      connection_(desk.io, desk.deadlines, desk.servers, number, desk.authority, desk.login.operator_header()),
      timer_(desk.io) {}

void Watcher::leave() {
  leaving_ = true;
  timer_.cancel();
  connection_.close();
}

std::string Watcher::subscription() const {
  const auto place = seen_anything_ ? std::optional(client::Place{epoch_.value(), last_.value()}) : std::nullopt;
  return client::subscribe_frame(record().auction.value(), place,
                                 record().latest ? client::Mode::latest : client::Mode::every);
}

Awaitable<void> Watcher::run() {
  std::string text;
  while (!leaving_) {
    if (co_await connection_.open()) {
      asked_ns_ = now_ns();
      if (connection_.send(subscription())) {
        while (co_await connection_.next(text)) take_frame(text);
      }
    }
    if (leaving_) break;
    timer_.expires_after(pause_before_return);
    co_await timer_.async_wait(quietly);
  }
  gone_ = true;
}

void Watcher::malformed(const std::string& text, std::string_view why) {
  desk_.history.malformed.push_back(fmt::format("watcher {} was sent {}: {}", number_, text.substr(0, 300), why));
}

void Watcher::take_frame(const std::string& text) {
  const std::int64_t seen_ns = now_ns();
  if (memory_.find(text) != nullptr) return take_event(text, seen_ns);
  simdjson::dom::element json;
  if (memory_.parser().parse(text).get(json) != simdjson::SUCCESS) return malformed(text, "it is not JSON");
  checker::Fields fields(json);
  const std::string_view type = fields.text("type");
  if (type == "event") {
    if (const auto kept = memory_.keep(text, json); !kept) return malformed(text, kept.error().detail);
    return take_event(text, seen_ns);
  }
  if (type == "state") return take_state(json, seen_ns, false);  // its members stand in the frame itself
  if (type == "snapshot" || type == "reset") {
    const simdjson::dom::element auction = fields.member("auction");
    if (!fields.good()) return malformed(text, fields.error());
    return take_state(auction, seen_ns, true);
  }
  // Not now: comes back and asks again.
  if (type == "error" && fields.text("code") == "unavailable") return connection_.close();
  malformed(text, fields.good() ? "no such frame was asked for" : std::string_view(fields.error()));
}

void Watcher::take_event(const std::string& text, std::int64_t seen_ns) {
  const FrameMemory::Event& event = *memory_.find(text);
  if (event.auction != record().auction) return malformed(text, "it is of another auction");
  if (record().latest) return malformed(text, "it asked for the latest state only");
  record().events.push_back({event.sequence, event.digest, seen_ns});
  last_ = event.sequence;
  epoch_ = event.epoch;
}

void Watcher::take_state(simdjson::dom::element json, std::int64_t seen_ns, bool answers_subscription) {
  auto seen = read_state(json, desk_.history.bidders);
  if (!seen) return malformed("a state", seen.error().detail);
  seen->asked_ns = answers_subscription ? asked_ns_ : 0;
  seen->seen_ns = seen_ns;
  record().states.push_back({record().events.size(), *seen});
  last_ = seen->sequence;
  epoch_ = seen->epoch;
  seen_anything_ = true;
}

}  // namespace flashbid::bots
