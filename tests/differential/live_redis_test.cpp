// The same random stream through live Redis: the Lua files as the engine loads them, under functions that take `now` as
// an argument. Replies, the events as they stand in the shard's stream and the image after each command are what the
// C++ rules and codecs make of it (R5). Some bids carry an idempotency key: they are put twice, or once more much
// later, or again with another amount; so are creations and cancellations. The clock that Redis is told may run back.
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "differential/random_stream.hpp"
#include "engine/redis/library.hpp"
#include "engine/redis/rules_text.hpp"
#include "ledger/event_codec.hpp"
#include "support/command_count.hpp"
#include "support/redis_connection.hpp"
#include "support/redis_server.hpp"

namespace flashbid::differential {
namespace {

using testing::RedisConnection;
using testing::RedisServer;
using testing::RedisValue;

constexpr std::string_view timed_functions = R"(
local commands, reading, upkeep

local function register(name, call)
  redis.register_function('timed_' .. name, function(keys, args)
    if not commands then
      commands, reading, upkeep = load_modules()
    end
    return call(keys[1], tonumber(args[1]), args)
  end)
end

-- Each replies the answer and the image after it.
local function with_image(shard, id, answer)
  return {answer, reading.view(shard, id, '', '0')[2]}
end
register('create', function(shard, now, args)
  return with_image(shard, args[3], commands.create(shard, now, unpack(args, 2, 11)))
end)
register('bid', function(shard, now, args)
  return with_image(shard, args[3], commands.bid(shard, now, unpack(args, 2, 6)))
end)
register('cancel', function(shard, now, args)
  return with_image(shard, args[3], commands.cancel(shard, now, unpack(args, 2, 7)))
end)
register('tick', function(shard, now, args)
  commands.tick_one(shard, now, args[2], args[3])
  return with_image(shard, args[3], '')
end)
register('admit', function(shard, _, args)
  return upkeep.admit(shard, unpack(args, 2, 5))
end)
register('trim', function(shard, _, args)
  table.remove(args, 1)
  return upkeep.trim(shard, args)
end)
register('forget', function(shard, now, args)
  return upkeep.forget(shard, now, {args[2]})
end)
)";

const std::string shard = "flashbid:{0}";
constexpr std::string_view epoch_text = "1";
constexpr std::size_t in_flight = 500;

std::string digits(std::uint64_t number) { return std::to_string(number); }

std::string image_of(const Auction& auction) {
  std::string image;
  encode_image(auction, image);
  return image;
}

// What Redis is to say to one command.
struct Expected {
  std::string reply;
  std::string image;
};
// What is to stand in the stream.
struct ExpectedEntry {
  std::string auction;
  std::string sequence;
  std::string payload;
  std::string secret;
};

class LiveStream {
 public:
  explicit LiveStream(int port) : redis_(port) {
    const LuaLibrary library = join_library(timed_functions);
    EXPECT_EQ(redis_.ask({"FUNCTION", "LOAD", library.text}).text, library.name);
    EXPECT_EQ(call("admit", {"0", "run", "", std::string(epoch_text), "16"}).text, "ok");
  }

  void start(Lane& lane) {
    if (lane.auction.id.value() != 0 && !lane.auction.next_boundary()) forget_later_.push_back(lane.auction.id);
    const Events events = stream_.start(lane, AuctionId{++auctions_});
    const Terms& terms = *lane.auction.terms;
    std::string public_terms;
    encode_public_terms(terms, public_terms);
    const std::string secret = encode_secret({.reserve = terms.reserve, .key_use = {}, .by = who(auctions_)});
    const std::string image = image_of(lane.auction);
    const auto create = [&](std::string caller, std::string key, std::string fingerprint, std::string reply) {
      send("create", lane,
           {public_terms, ms(terms.opens_at), ms(terms.closes_at), rules_text(terms), secret, std::move(caller),
            std::move(key), std::move(fingerprint)});
      expected_.push_back({std::move(reply), image});
    };
    const bool keyed = auctions_ % 2 == 0;
    create(keyed ? "op" : "", keyed ? "k" : "", keyed ? "body" : "", image);
    expect_entries(lane, events, secret);
    const std::string there = "EXISTS auction " + digits(auctions_) + " is there already";
    if (keyed) create("op", "k", "body", image);
    if (keyed && auctions_ % 4 == 0)
      create("op", "k", "another", "KEYREUSED the key was used before with another body");
    if (auctions_ % 3 == 0) create("", "", "", there);
    if (keyed && auctions_ % 3 == 1) create("op", "another", "body", there);
    keyed_[lane.auction.id].clear();
  }

  void step(Lane& lane) {
    const auto [command, decision] = stream_.step(lane);
    if (const auto* bid = std::get_if<Bid>(&command)) return send_bid(lane, *bid, decision);
    const std::string image = image_of(lane.auction);
    if (std::holds_alternative<Tick>(command)) {
      send("tick", lane, {});
      expected_.push_back({"", image});
    } else {
      const std::string secret = encode_secret({.reserve = {}, .key_use = {}, .by = who(++cancellations_)});
      send("cancel", lane, {"op", "k", "off", secret});
      const bool accepted = decision.verdict == Verdict::accepted;
      const std::string conflict = "CONFLICT " + std::string(to_text(decision.reason));
      // Under the key that called it off it is told again, whatever happens.
      const bool again = lane.auction.state == AuctionState::cancelled;
      expected_.push_back({accepted || again ? image : conflict, image});
      if (again) {
        send("cancel", lane, {"op", "k", "other", secret});
        expected_.push_back({"KEYREUSED the key was used before with another body", image});
        send("cancel", lane, {"op", "other", "off", secret});
        expected_.push_back({"CONFLICT cancelled", image});
      }
      return expect_entries(lane, decision.events, secret);
    }
    expect_entries(lane, decision.events, "");
  }

  // Reads all replies and what has come into the stream since, and lets both go.
  void settle(const std::vector<Lane>& lanes) {
    for (; !expected_.empty(); expected_.pop_front()) {
      const RedisValue got = redis_.receive();
      ASSERT_EQ(got.items.size(), 2U) << got;
      ASSERT_EQ(got.items[0].text, expected_.front().reply);
      ASSERT_EQ(got.items[1].text, expected_.front().image);
    }
    const RedisValue entries = redis_.ask({"XRANGE", shard + ":stream", "(" + last_id_, "+"});
    ASSERT_EQ(entries.items.size(), entries_.size());
    for (const RedisValue& entry : entries.items) {
      last_id_ = entry.items[0].text;
      expect_entry(entry.items[1].items, entries_.front());
      entries_.pop_front();
    }
    let_go(lanes);
  }

  [[nodiscard]] RandomStream& stream() { return stream_; }
  [[nodiscard]] bool full() const { return expected_.size() >= in_flight; }

 private:
  static std::string ms(Timestamp time) { return std::to_string(time.ms); }
  // An operator; every third time nobody says who.
  static BidderId who(std::uint64_t number) {
    return number % 3 == 0 ? BidderId{} : BidderId::from("op-" + std::to_string(number)).value();
  }

  std::vector<std::string> words(const std::string& function, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"FCALL", "timed_" + function, "1", shard});
    return arguments;
  }
  RedisValue call(const std::string& function, std::vector<std::string> arguments) {
    return redis_.ask(words(function, std::move(arguments)));
  }
  void send(const std::string& function, const Lane& lane, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {ms(lane.clock), std::string(epoch_text), digits(lane.auction.id.value())});
    redis_.send(words(function, std::move(arguments)));
  }

  void send_bid(Lane& lane, const Bid& bid, const Decision& decision) {
    const Auction& after = lane.auction;
    BidAnswer answer{.auction = after.id,
                     .verdict = decision.verdict,
                     .reason = decision.reason,
                     .sequence = {},
                     .bidder = bid.bidder,
                     .amount = bid.amount,
                     .price = after.standing_price(),
                     .leader = after.leader,
                     .minimum_next = after.minimum_next(),
                     .closes_at = after.closes_at,
                     .as_of_sequence = after.sequence,
                     .decided_at = lane.now};
    for (const auto& event : decision.events) {
      if (std::holds_alternative<BidAccepted>(event.body)) answer.sequence = event.sequence;
    }
    const std::string amount = std::to_string(bid.amount.value());
    const std::string key = ++bids_ % 5 == 0 ? "key-" + std::to_string(bids_) : "";
    send("bid", lane, {std::string(bid.bidder.view()), amount, key});
    expected_.push_back({bid_reply_text(answer), image_of(after)});
    std::string secret;
    if (!key.empty()) {
      secret = encode_secret({.reserve = {},
                              .key_use = KeyUse{.operation = Operation::bid,
                                                .caller = bid.bidder,
                                                .key = parse_idempotency_key(key).value(),
                                                .fingerprint = amount}});
      send("bid", lane, {std::string(bid.bidder.view()), amount, key});
      std::string again = bid_reply_text(answer);
      again[again.size() - answer.leader.view().size() - 2] = '1';  // repeated
      expected_.push_back({again, image_of(after)});
      const std::string reused = "KEYREUSED the key was used before with the amount " + amount;
      if (bids_ % 3 == 0) send_again(lane, bid.bidder, std::to_string(bid.amount.value() / 2 + 1), key, reused, amount);
      if (decision.verdict == Verdict::accepted) keyed_[after.id].push_back({bid.bidder, amount, key, again});
    }
    expect_entries(lane, decision.events, secret);
    const auto& uses = keyed_[after.id];
    if (bids_ % 7 == 0 && !uses.empty()) {  // of an accepted bid, at any time
      const Use& use = uses[static_cast<std::size_t>(bids_) % uses.size()];
      send_again(lane, use.bidder, use.amount, use.key, use.answer, "");
    }
    if (bids_ % 11 == 0) send_no_amount(lane, bid.bidder);
  }

  void send_again(const Lane& lane, const BidderId& bidder, const std::string& amount, const std::string& key,
                  const std::string& reply, const std::string& first) {
    if (amount == first) return;
    send("bid", lane, {std::string(bidder.view()), amount, key});
    expected_.push_back({reply, image_of(lane.auction)});
  }

  // Beyond the highest amount, or no amount at all: refused, and nothing happens.
  void send_no_amount(const Lane& lane, const BidderId& bidder) {
    const std::string amount = stream_.random().one_of<const char*>(
        {"9007199254740992", "9007199254740993", "18446744073709551616", "-1", "01", "1.0", "1e3", "", " 1", "0x1"});
    send("bid", lane, {std::string(bidder.view()), amount, ""});
    expected_.push_back({"BADARG bid: epoch id bidder amount key", image_of(lane.auction)});
  }

  void expect_entries(const Lane& lane, const Events& events, const std::string& secret) {
    for (const auto& event : events) {
      const bool of_time = std::holds_alternative<Opened>(event.body) || std::holds_alternative<Closed>(event.body) ||
                           std::holds_alternative<Extended>(event.body);
      ExpectedEntry& entry = entries_.emplace_back();
      entry.auction = digits(lane.auction.id.value());
      entry.sequence = digits(event.sequence.value());
      encode_event(lane.auction.id, Epoch{1}, event, entry.payload);
      entry.secret = of_time ? "" : secret;
    }
  }

  static void expect_entry(const std::vector<RedisValue>& got, const ExpectedEntry& expected) {
    std::vector<std::string> fields;
    for (const RedisValue& field : got) fields.push_back(field.text);
    std::vector<std::string> wanted{"a", expected.auction,  "e", std::string(epoch_text),
                                    "s", expected.sequence, "p", expected.payload};
    if (!expected.secret.empty()) wanted.insert(wanted.end(), {"x", expected.secret});
    ASSERT_EQ(fields, wanted);
  }

  // As the relay does once all is archived.
  void let_go(const std::vector<Lane>& lanes) {
    std::vector<std::string> arguments{"0", last_id_};
    for (const Lane& lane : lanes) {
      arguments.push_back(digits(lane.auction.id.value()));
      arguments.push_back(digits(lane.auction.sequence.value()));
    }
    const RedisValue trimmed = call("trim", arguments);
    ASSERT_FALSE(trimmed.error) << trimmed;
    for (const AuctionId id : forget_later_) {
      keyed_.erase(id);
      ASSERT_EQ(call("forget", {ms(max_timestamp + Duration{2 * 86'400'000}), digits(id.value())}).text, "1");
    }
    forget_later_.clear();
  }

  // An accepted bid's key, and what is answered under it.
  struct Use {
    BidderId bidder;
    std::string amount;
    std::string key;
    std::string answer;
  };

  RedisConnection redis_;
  RandomStream stream_;
  std::map<AuctionId, std::vector<Use>> keyed_;
  std::uint64_t auctions_ = 0;
  std::int64_t bids_ = 0;
  std::uint64_t cancellations_ = 0;
  std::deque<Expected> expected_;
  std::deque<ExpectedEntry> entries_;
  std::vector<AuctionId> forget_later_;
  std::string last_id_ = "0-0";
};

TEST(LiveRedis, OneRandomStream) {
  const std::int64_t commands = support::command_count(1'000'000);
  RedisServer server({.appendonly = false, .appendfsync = "no", .more = {}});
  LiveStream live(server.port());
  std::vector<Lane> lanes(live_auctions);
  for (auto& lane : lanes) live.start(lane);
  for (std::int64_t i = 0; i < commands; ++i) {
    Lane& lane = lanes[live.stream().pick()];
    live.step(lane);
    if (lane.spent()) live.start(lane);
    if (live.full()) ASSERT_NO_FATAL_FAILURE(live.settle(lanes)) << "by command " << i << " of seed " << stream_seed;
  }
  ASSERT_NO_FATAL_FAILURE(live.settle(lanes));
  live.stream().expect_variety(commands);
}

}  // namespace
}  // namespace flashbid::differential
