#include "bots/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "bots/http_bid_channel.hpp"
#include "bots/websocket_bid_channel.hpp"
#include "checker/replay.hpp"

namespace flashbid::bots {
namespace {

constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::int64_t last_bids_ms = 30'000;       // for bids in flight and snipers, after the end of bidding
constexpr std::int64_t last_answers_ms = 1'000;     // for bids in flight, when nobody sends any more
constexpr std::int64_t close_grace_ms = 10'000;     // for the server to close an auction after closes_at
constexpr std::int64_t watchers_grace_ms = 15'000;  // for watchers to see the end
constexpr std::uint32_t bidders_with_seller = 10;   // from so many on, one of them is the seller
constexpr std::uint32_t seller_number = 4;

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool has_ended(AuctionState state) { return state == AuctionState::closed || state == AuctionState::cancelled; }

// About ten thousand bids a second in all.
Duration usual_think(std::uint32_t bots) { return {std::clamp<std::int64_t>(bots / 10, 2, 1000)}; }

}  // namespace

Simulation::Simulation(const BotsOptions& options, std::uint64_t seed, std::string authority,
                       std::vector<Endpoint> servers, Observer& observer)
    : options_(options),
      observer_(observer),
      deadlines_(io_),
      desk_{io_,      deadlines_,      std::move(servers), std::move(authority), Login(options.mint_token),
            history_, refused_by_code_},
      floor_{desk_, market_},
      clerk_(desk_),
      frame_memory_(history_.bidders),
      random_(seed) {
  history_.seed = seed;
  floor_.keys = options.keys;
  floor_.open_loop = options.rate > 0;
  floor_.think = options.think.value_or(usual_think(options.bots));
}

Result<void> Simulation::run() {
  deadlines_.start();
  boost::asio::co_spawn(
      io_,
      [&]() -> Awaitable<void> {
        co_await run_all();
        leave();
      },
      boost::asio::detached);
  io_.run();
  return std::move(outcome_);
}

void Simulation::stop() {
  boost::asio::post(io_, [this] { end_early(Ending::stopped); });
}

void Simulation::abandon() {
  boost::asio::post(io_, [this] {
    desk_.abandoned = true;
    leave();
  });
}

void Simulation::end_early(Ending ending) {
  if (ending_ == Ending::whole) ending_ = ending;
  floor_.end_ns = 1;  // long ago
  floor_.stopped = true;
}

void Simulation::leave() {
  floor_.stopped = true;
  for (const auto& bidder : bidders_) bidder->leave();
  for (const auto& watcher : watchers_) watcher->leave();
  clerk_.close();
  deadlines_.stop();
}

Awaitable<void> Simulation::sleep_ms(std::int64_t ms) {
  boost::asio::steady_timer timer(io_, std::chrono::milliseconds(ms));
  co_await timer.async_wait(quietly);
}

Awaitable<void> Simulation::run_all() {
  outcome_ = co_await prepare();
  if (!outcome_) {
    outcome_.error().failure = Failure::unavailable;
    co_return;
  }
  co_await subscribe_watchers();
  co_await hold();
  outcome_ = co_await settle();
  if (!outcome_) outcome_.error().failure = Failure::internal;
}

Awaitable<Result<void>> Simulation::prepare() {
  if (auto knocked = co_await clerk_.knock(); !knocked) co_return knocked;
  if (auto connected = co_await connect_bidders(); !connected) co_return connected;
  if (options_.auction) {
    if (auto joined = co_await clerk_.join(*options_.auction); !joined) co_return joined;
    history_.auctions.front().must_be_closed = options_.waits_for_close;
  } else {
    Wish wish{.open_for = {options_.duration.ms + 1000 + options_.auctions}, .self_outbid = options_.bots < 3};
    if (options_.bots >= bidders_with_seller) wish.seller = history_.bidders[seller_number];
    if (auto created = co_await clerk_.create(options_.auctions, wish); !created) co_return created;
  }
  for (const checker::AuctionRecord& auction : history_.auctions) market_.add(auction);
  market_.clock_offset = clerk_.clock_offset();
  if (is_full()) {
    co_return fail(Failure::unavailable,
                   fmt::format("auction {} has {} events already, more than are kept to judge by",
                               market_.stall(0).id.value(), market_.stall(0).newest.sequence.value()));
  }
  co_return Result<void>{};
}

Awaitable<Result<void>> Simulation::connect_bidders() {
  // On an auction that is there already, names of an earlier run must not come back.
  const std::string tag = options_.auction ? fmt::format("{:04x}-", std::random_device{}() & 0xffff) : std::string();
  for (std::uint32_t number = 0; number < options_.bots; ++number) {
    const checker::BidderIndex name = history_.bidders.index_of(fmt::format("bot-{}{}", tag, number + 1));
    std::unique_ptr<BidChannel> channel;
    if (options_.transport == BotsTransport::http) {
      channel = std::make_unique<HttpBidChannel>(desk_, name, number);
    } else {
      channel = std::make_unique<WebSocketBidChannel>(desk_, name, number);
    }
    bidders_.push_back(std::make_unique<Bidder>(floor_, number, name, random_(), std::move(channel)));
    if (desk_.abandoned || !co_await bidders_.back()->ready()) {
      co_return fail(Failure::unavailable,
                     fmt::format("bidder {} of {} finds no connection to http://{}{}", number + 1, options_.bots,
                                 desk_.authority, options_.transport == BotsTransport::http ? "" : "/v1/stream"));
    }
  }
  co_return Result<void>{};
}

Awaitable<void> Simulation::subscribe_watchers() {
  history_.watchers.resize(options_.watchers);
  for (std::uint32_t i = 0; i < options_.watchers; ++i) {
    history_.watchers[i].auction = history_.auctions[i % history_.auctions.size()].id;
    history_.watchers[i].latest = i % 4 == 3;
    watchers_.push_back(std::make_unique<Watcher>(desk_, frame_memory_, i + 1));
    boost::asio::co_spawn(io_, watchers_.back()->run(), boost::asio::detached);
  }
  const auto subscribed = [](const auto& watcher) { return watcher->subscribed(); };
  for (int i = 0; i < 1000 && !floor_.stopped && !std::ranges::all_of(watchers_, subscribed); ++i) {
    co_await sleep_ms(10);
  }
}

// The run itself: until bidding ends and the last bids are answered.
Awaitable<void> Simulation::hold() {
  if (floor_.stopped) co_return;
  const std::int64_t start_ns = now_ns();
  floor_.end_ns = start_ns + options_.duration.ms * ns_per_ms;
  floor_.bidding = bidders_.size();
  for (const auto& bidder : bidders_) boost::asio::co_spawn(io_, bidder->run(), boost::asio::detached);
  if (floor_.open_loop) boost::asio::co_spawn(io_, send_orders(), boost::asio::detached);
  observer_.on_start(floor_);
  std::int64_t told_ns = start_ns;
  bool stumbled = false;
  while (floor_.bidding > 0 && !floor_.stopped) {
    co_await sleep_ms(20);
    const std::int64_t now = now_ns();
    if (now < floor_.end_ns) seconds_ = static_cast<double>(now - start_ns) / 1e9;
    if (now - told_ns >= observer_.period_ms() * ns_per_ms) {
      told_ns += observer_.period_ms() * ns_per_ms;
      observer_.on_period(floor_);
      floor_.latency_lately = {};
    }
    if (is_full()) end_early(Ending::full);
    if (!stumbled && now - start_ns > options_.duration.ms * ns_per_ms / 2) {
      stumbled = true;
      for (std::size_t i = 0; i < watchers_.size(); i += 10) watchers_[i]->stumble();
    }
    if (now > floor_.end_ns + last_bids_ms * ns_per_ms) break;
  }
  floor_.stopped = true;
  co_await await_last_answers();
  for (const auto& bidder : bidders_) bidder->leave();
  while (floor_.bidding > 0) co_await sleep_ms(1);
  observer_.on_end(floor_);
}

// A bid that is cut off has an outcome that nobody knows: each may still be answered.
Awaitable<void> Simulation::await_last_answers() {
  for (const auto& bidder : bidders_) bidder->wake();
  const std::int64_t end_ns = now_ns() + last_answers_ms * ns_per_ms;
  while (floor_.bidding > 0 && !desk_.abandoned && now_ns() < end_ns) co_await sleep_ms(1);
}

// What the run keeps in memory, with what its auctions' events will take when they are fetched and judged.
std::uint64_t Simulation::recorded_bytes() const {
  constexpr std::uint64_t event_bytes =
      sizeof(checker::HistoryEvent) + sizeof(checker::BidRow) + sizeof(checker::ReplayState);
  constexpr std::uint64_t sentence_bytes = 512;
  std::uint64_t bytes =
      history_.operations.size() * sizeof(checker::Operation) + history_.malformed.size() * sentence_bytes;
  for (std::size_t i = 0; i < market_.size(); ++i) bytes += market_.stall(i).newest.sequence.value() * event_bytes;
  for (const checker::WatcherRecord& watcher : history_.watchers) {
    bytes += watcher.events.size() * sizeof(checker::EventSeen) +
             watcher.states.size() * sizeof(checker::WatcherRecord::State);
  }
  return bytes;
}

// Open loop: orders fall due at an even rate, whether or not the bidders keep up.
Awaitable<void> Simulation::send_orders() {
  const std::int64_t start_ns = now_ns();
  const double gap_ns = 1e9 / options_.rate;
  std::uint64_t sent = 0;
  while (now_ns() < floor_.end_ns && !floor_.stopped) {
    const std::int64_t now = now_ns();
    for (;; ++sent) {
      const std::int64_t due_ns = start_ns + static_cast<std::int64_t>(static_cast<double>(sent) * gap_ns);
      if (due_ns > now) break;
      std::size_t number = random_() % bidders_.size();
      while (!bidders_[number]->takes_orders()) number = (number + 1) % bidders_.size();  // the first one always does
      bidders_[number]->order(due_ns);
    }
    co_await sleep_ms(1);
  }
  for (const auto& bidder : bidders_) bidder->wake();
}

bool Simulation::all_ended() const {
  return std::ranges::all_of(history_.auctions, [](const checker::AuctionRecord& auction) {
    return !auction.must_be_closed || has_ended(auction.reads.back().state);
  });
}

// Waits for the end of every auction of ours, then fetches what there is to know.
Awaitable<Result<void>> Simulation::settle() {
  if (auto read = co_await clerk_.read_all(); !read) co_return read;
  for (const checker::AuctionRecord& auction : history_.auctions) market_.learn(auction.id, auction.reads.back());
  std::int64_t closes_ms = 0;
  for (std::size_t i = 0; i < market_.size(); ++i)
    closes_ms = std::max(closes_ms, market_.stall(i).newest.closes_at.ms);
  while (ending_ == Ending::whole && !desk_.abandoned && !all_ended()) {
    const std::int64_t server_ms = wall_ms() + clerk_.clock_offset().ms;
    if (server_ms > closes_ms + close_grace_ms) break;
    co_await sleep_ms(server_ms < closes_ms ? std::min<std::int64_t>(closes_ms - server_ms + 20, 100) : 100);
    if (server_ms < closes_ms) continue;
    if (auto read = co_await clerk_.read_all(); !read) co_return read;
  }
  for (checker::AuctionRecord& auction : history_.auctions) {
    if (ending_ != Ending::whole || (options_.auction && auction.reads.back().state == AuctionState::cancelled)) {
      auction.must_be_closed = false;  // not waited for, or called off by somebody
    }
  }
  co_await wait_for_watchers();
  co_return co_await clerk_.fetch_all();
}

bool Simulation::watchers_are_at_the_end() const {
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    const checker::AuctionRecord& auction = history_.auctions[i % history_.auctions.size()];
    if (watchers_[i]->last_seen() < auction.reads.back().sequence) return false;
  }
  return true;
}

Awaitable<void> Simulation::wait_for_watchers() {
  for (std::int64_t waited_ms = 0; waited_ms < watchers_grace_ms && !watchers_are_at_the_end(); waited_ms += 10) {
    if (desk_.abandoned) co_return;
    co_await sleep_ms(10);
  }
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    history_.watchers[i].to_the_end = true;
    if (!watchers_[i]->subscribed()) {
      history_.malformed.push_back(
          fmt::format("watcher {} was never shown its auction: {}", i + 1, watchers_[i]->problem()));
    }
  }
}

}  // namespace flashbid::bots
