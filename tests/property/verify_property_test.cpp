// A ledger of random lives is consistent, however much of it has moved or was forgotten.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/event_codec.hpp"
#include "ledger/operator_action.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "ledger/sqlite/verify.hpp"
#include "support/command_count.hpp"
#include "support/command_generator.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid {
namespace {

using support::CommandGenerator;

constexpr Duration day{24 * 3'600'000};

// Auctions played by the rules, written as an engine would.
class RandomLives {
 public:
  explicit RandomLives(std::uint64_t seed) : generator_(seed) { open(); }

  void step() {
    auto& random = generator_.random();
    if (lives_.empty() || (lives_.size() < 8 && random.percent(10))) {
      create();
    } else {
      command(lives_[generator_.pick(lives_.size())]);
    }
    if (random.percent(40)) append();
    if (random.percent(15)) move(static_cast<std::size_t>(random.between(1, 30)));
    if (random.percent(2)) forget();
    if (random.percent(2)) open();
  }

  // What `verify` finds wrong; nothing is a good ledger.
  std::string wrong() {
    append();
    const auto verified = verify_sqlite_ledger(folder_.path());
    return verified ? "" : verified.error().detail;
  }

 private:
  void open() {
    append();
    ledger_.reset();
    auto opened = open_sqlite_ledger({.folder = folder_.path(), .durability = Durability::memory});
    ASSERT_TRUE(opened) << opened.error().detail;
    ledger_ = std::move(*opened);
    const auto recovered = testing::recover(ledger_->writer());
    ASSERT_TRUE(recovered) << recovered.error().detail;
    epoch_ = recovered->report.epoch;
  }

  // A new key, as often as not.
  std::optional<KeyUse> key(Operation operation, const BidderId& caller, const std::string& fingerprint) {
    if (generator_.random().percent(50)) return std::nullopt;
    return KeyUse{operation, caller, *IdempotencyKey::from("k" + std::to_string(++keys_)), fingerprint};
  }

  void create() {
    Auction auction;
    auction.id = AuctionId{lives_.size() + 1};
    const auto terms = std::make_shared<const Terms>(generator_.terms(now_));
    const BidderId by = support::bidder("boss");
    add(auction, flashbid::create(terms, now_), {std::nullopt, key(Operation::create, by, "terms"), by});
    lives_.push_back(std::move(auction));
  }

  void command(Auction& auction) {
    const Timestamp moment = generator_.moment(auction, now_);
    if (moment < max_timestamp - day) now_ = moment;  // others' time goes on
    const Command command = generator_.command(auction);
    const Decision decision = decide(auction, command, now_);
    Secret hidden;
    if (const auto* bid = std::get_if<Bid>(&command)) {
      hidden.key_use = key(Operation::bid, bid->bidder, std::to_string(bid->amount.value()));
    } else if (std::holds_alternative<Cancel>(command)) {
      hidden.by = support::bidder("ops");
      hidden.key_use = key(Operation::cancel, hidden.by, "");
    }
    const bool accepted = decision.verdict == Verdict::accepted;
    add(auction, decision.events, accepted ? hidden : Secret{});
    const auto* bid = std::get_if<Bid>(&command);
    if (accepted || bid == nullptr || !hidden.key_use) return;
    BidAnswer answer{auction.id,
                     Verdict::rejected,
                     decision.reason,
                     Sequence{0},
                     bid->bidder,
                     bid->amount,
                     auction.standing_price(),
                     auction.leader,
                     auction.minimum_next(),
                     auction.closes_at,
                     auction.sequence,
                     now_};
    std::string json;
    encode_answer(answer, json);
    batch_.push_back({auction.id, Sequence{0}, RecordKind::answer, now_, std::make_shared<const std::string>(json),
                      encode_secret({std::nullopt, hidden.key_use})});
  }

  void add(Auction& auction, const Events& events, const Secret& hidden) {
    for (const Event& event : events) {
      std::string json;
      encode_event(auction.id, epoch_, event, json);
      Secret secret;
      if (const auto* created = std::get_if<Created>(&event.body)) secret.reserve = created->terms->reserve;
      if (is_action(event.body)) secret.by = hidden.by;
      if (is_action(event.body) || std::holds_alternative<BidAccepted>(event.body)) secret.key_use = hidden.key_use;
      apply(auction, event);
      batch_.push_back({auction.id, event.sequence, RecordKind::event, event.at,
                        std::make_shared<const std::string>(json), encode_secret(secret)});
    }
  }

  void append() {
    if (batch_.empty()) return;
    const auto appended = ledger_->writer().append(batch_);
    ASSERT_TRUE(appended) << appended.error().detail;
    batch_.clear();
  }
  void move(std::size_t rows) {
    append();
    const auto moved = ledger_->writer().move(rows);
    ASSERT_TRUE(moved) << moved.error().detail;
  }
  void forget() {
    move(100'000);
    now_ = now_ + day;
    ASSERT_TRUE(ledger_->writer().forget_answers(now_));
  }

  testing::TemporaryFolder folder_;
  CommandGenerator generator_;
  Timestamp now_{1'800'000'000'000};
  Epoch epoch_;
  std::unique_ptr<Ledger> ledger_;
  std::vector<Auction> lives_;
  std::vector<Record> batch_;
  std::uint64_t keys_ = 0;
};

TEST(VerifyProperty, ALedgerOfRandomLivesIsConsistent) {
  const std::uint64_t first = support::chosen_seed(1);
  const auto ledgers = static_cast<std::uint64_t>(support::command_count(300));
  for (std::uint64_t seed = first; seed < first + ledgers; ++seed) {
    RandomLives lives(seed);
    for (int step = 0; step < 200; ++step) {
      lives.step();
      if (step % 20 == 19) ASSERT_EQ(lives.wrong(), "") << "FLASHBID_SEED=" << seed << ", step " << step;
    }
  }
}

}  // namespace
}  // namespace flashbid
