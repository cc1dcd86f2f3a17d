#include "bots/clerk.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "checker/reading.hpp"

namespace flashbid::bots {
namespace {

constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr std::size_t counters = 8;
constexpr std::int64_t timeout_ns = 20'000'000'000;
constexpr int max_attempts = 20;
constexpr auto pause_between_attempts = std::chrono::milliseconds(500);
constexpr int page_size = 1000;
// A sniper's bid moves the end, but not for ever.
constexpr std::string_view soft_close = R"({"window_ms":300,"extend_ms":300,"mode":"from_bid","max_extensions":5})";

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string quoted_or_null(std::string_view text) { return text.empty() ? "null" : fmt::format("\"{}\"", text); }

}  // namespace

Clerk::Clerk(Desk& desk) : desk_(desk) {
  for (std::size_t i = 0; i < counters; ++i) {
    counters_.push_back(std::make_unique<Counter>(desk, i));
  }
}

void Clerk::close() {
  for (const auto& counter : counters_) counter->connection.close();
}

Awaitable<Result<void>> Clerk::knock() {
  if (co_await counters_.front()->connection.ready()) co_return Result<void>{};
  co_return fail(Failure::unavailable,
                 fmt::format("nobody answers at http://{}: is the server running?", desk_.authority));
}

Awaitable<Result<void>> Clerk::for_each(std::size_t count, Work work) {
  std::size_t next = 0;
  std::size_t running = 0;
  Result<void> outcome;
  boost::asio::steady_timer done(desk_.io, std::chrono::steady_clock::time_point::max());
  const auto serve = [&](Counter& counter) -> Awaitable<void> {
    while (next < count && outcome) {
      const std::size_t mine = next++;
      Result<void> result = co_await work(counter, mine);
      if (!result && outcome) outcome = std::move(result);
    }
    if (--running == 0) done.cancel();
  };
  for (const auto& counter : counters_) {
    ++running;
    boost::asio::co_spawn(desk_.io, serve(*counter), boost::asio::detached);
  }
  while (running > 0) co_await done.async_wait(quietly);
  co_return outcome;
}

Awaitable<Result<simdjson::dom::element>> Clerk::ask(Counter& counter, std::string request) {
  std::string problem;
  for (int attempt = 0; attempt < max_attempts && !desk_.abandoned; ++attempt) {
    if (attempt > 0) {
      boost::asio::steady_timer pause(desk_.io, pause_between_attempts);
      co_await pause.async_wait(quietly);
    }
    const client::Exchanged exchanged = co_await counter.connection.exchange(request, timeout_ns);
    if (exchanged != client::Exchanged::answered) {
      problem = "the connection was lost";
      if (exchanged == client::Exchanged::malformed) problem = "no HTTP response came";
      continue;
    }
    counter.sent_ns = counter.connection.sent_ns();
    counter.answered_ns = counter.connection.answered_ns();
    const client::Response& response = counter.connection.response();
    simdjson::dom::element json;
    const bool is_json =
        counter.parser.parse(response.body.data(), response.body.size()).get(json) == simdjson::SUCCESS;
    if (is_json && (response.status == 200 || response.status == 201)) co_return json;
    problem = fmt::format("the answer is status {}, {}", response.status, response.body.substr(0, 300));
    if (response.status < 500 && response.status != 429) break;
  }
  co_return fail(Failure::unavailable, fmt::format("{}: {}", request.substr(0, request.find(" HTTP/")), problem));
}

Awaitable<Result<simdjson::dom::element>> Clerk::get(Counter& counter, const std::string& path) {
  const std::string header = desk_.login.operator_header();
  co_return co_await ask(counter, client::get_request(path, {desk_.authority, header}));
}

Awaitable<Result<void>> Clerk::create(std::uint32_t count, const Wish& wish) {
  desk_.history.auctions.resize(count);
  co_return co_await for_each(count, [&](Counter& counter, std::size_t number) -> Awaitable<Result<void>> {
    return create_one(counter, number, wish);
  });
}

Awaitable<Result<void>> Clerk::create_one(Counter& counter, std::size_t number, const Wish& wish) {
  const Timestamp closes_at{wall_ms() + clock_offset_.ms + wish.open_for.ms};
  const std::string body = fmt::format(
      R"({{"title":"bots {} of seed {}","currency":"CNY","opening_price":10000,"increment":100,"closes_at":"{}",)"
      R"("soft_close":{},"self_outbid":{},"seller":{}}})",
      number + 1, desk_.history.seed, flashbid::to_text(closes_at), soft_close, wish.self_outbid,
      quoted_or_null(wish.seller));
  const std::string header = desk_.login.operator_header();
  const auto json = co_await ask(counter, client::post_request("/v1/auctions", {desk_.authority, header}, {}, body));
  if (!json) co_return std::unexpected(json.error());
  checker::AuctionRecord auction;
  auction.id = AuctionId(checker::Fields(*json).number("id"));
  auto terms = checker::read_terms(*json);
  if (!terms) co_return fail(Failure::invalid, "the created auction cannot be read: " + terms.error().detail);
  auction.terms = std::move(*terms);
  auction.reserve_known = true;
  auction.only_ours = true;
  auction.must_be_closed = true;
  if (auto noted = note_state(counter, *json, auction); !noted) co_return noted;
  desk_.history.auctions[number] = std::move(auction);
  co_return Result<void>{};
}

Result<void> Clerk::note_state(Counter& counter, simdjson::dom::element json, checker::AuctionRecord& auction) {
  auto seen = read_state(json, desk_.history.bidders);
  if (!seen) return fail(Failure::invalid, "the auction cannot be read: " + seen.error().detail);
  seen->asked_ns = counter.sent_ns;
  seen->seen_ns = counter.answered_ns;
  auction.reads.push_back(*seen);
  checker::Fields fields(json);
  const Timestamp server_time = fields.time("server_time");
  if (!fields.good()) return fail(Failure::invalid, "the auction cannot be read: " + fields.error());
  const std::int64_t half_way_ms = (counter.answered_ns - counter.sent_ns) / 2'000'000;
  clock_offset_ = {server_time.ms - (wall_ms() - half_way_ms)};
  return {};
}

Awaitable<Result<void>> Clerk::join(AuctionId id) {
  checker::AuctionRecord& auction = desk_.history.auctions.emplace_back();
  auction.id = id;
  if (auto read = co_await read_one(*counters_.front(), 0); !read) co_return read;
  auction.before_run = auction.reads.back().sequence;
  const auto page =
      co_await get(*counters_.front(), fmt::format("/v1/auctions/{}/events?after_sequence=0&limit=1", id.value()));
  if (!page) co_return std::unexpected(page.error());
  simdjson::dom::element created;
  if (page->at_pointer("/events/0/auction").get(created) != simdjson::SUCCESS) {
    co_return fail(Failure::invalid, "the auction's first event is not created");
  }
  auto terms = checker::read_terms(created);
  if (!terms) co_return fail(Failure::invalid, "the auction cannot be read: " + terms.error().detail);
  auction.terms = std::move(*terms);
  co_return Result<void>{};
}

Awaitable<Result<void>> Clerk::read_one(Counter& counter, std::size_t place) {
  checker::AuctionRecord& auction = desk_.history.auctions[place];
  const auto json = co_await get(counter, fmt::format("/v1/auctions/{}", auction.id.value()));
  if (!json) co_return std::unexpected(json.error());
  co_return note_state(counter, *json, auction);
}

Awaitable<Result<void>> Clerk::read(std::size_t place) { co_return co_await read_one(*counters_.front(), place); }

Awaitable<Result<void>> Clerk::read_all() {
  co_return co_await for_each(desk_.history.auctions.size(),
                              [&](Counter& counter, std::size_t place) { return read_one(counter, place); });
}

Awaitable<Result<void>> Clerk::fetch_all() {
  co_return co_await for_each(desk_.history.auctions.size(),
                              [&](Counter& counter, std::size_t place) -> Awaitable<Result<void>> {
                                if (auto bids = co_await fetch_bids(counter, place); !bids) co_return bids;
                                co_return co_await fetch_events(counter, place);
                              });
}

Awaitable<Result<void>> Clerk::fetch_bids(Counter& counter, std::size_t place) {
  checker::AuctionRecord& auction = desk_.history.auctions[place];
  for (std::uint64_t after = 0;;) {
    const auto page = co_await get(
        counter, fmt::format("/v1/auctions/{}/bids?after_sequence={}&limit={}", auction.id.value(), after, page_size));
    if (!page) co_return std::unexpected(page.error());
    simdjson::dom::array rows;
    if ((*page)["bids"].get(rows) != simdjson::SUCCESS)
      co_return fail(Failure::invalid, "a page of bids holds no bids");
    for (const simdjson::dom::element row : rows) {
      auto read = read_bid_row(row, desk_.history.bidders);
      if (!read) co_return fail(Failure::invalid, "a line of the bids cannot be read: " + read.error().detail);
      auction.bids.push_back(*read);
    }
    if (rows.size() == 0) co_return Result<void>{};
    const std::uint64_t last = auction.bids.back().sequence.value();
    if (last <= after) co_return fail(Failure::invalid, "a page of bids does not go on after after_sequence");
    after = last;
  }
}

Awaitable<Result<void>> Clerk::fetch_events(Counter& counter, std::size_t place) {
  checker::AuctionRecord& auction = desk_.history.auctions[place];
  for (std::uint64_t after = 0;;) {
    const auto page = co_await get(counter, fmt::format("/v1/auctions/{}/events?after_sequence={}&limit={}",
                                                        auction.id.value(), after, page_size));
    if (!page) co_return std::unexpected(page.error());
    simdjson::dom::array events;
    if ((*page)["events"].get(events) != simdjson::SUCCESS)
      co_return fail(Failure::invalid, "a page of events holds no events");
    for (const simdjson::dom::element event : events) {
      auto read = read_event(event, desk_.history.bidders);
      if (!read) co_return fail(Failure::invalid, "an event cannot be read: " + read.error().detail);
      auction.events.push_back(*read);
    }
    if (events.size() == 0) co_return Result<void>{};
    const std::uint64_t last = auction.events.back().sequence.value();
    if (last <= after) co_return fail(Failure::invalid, "a page of events does not go on after after_sequence");
    after = last;
  }
}

}  // namespace flashbid::bots
