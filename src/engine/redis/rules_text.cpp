#include "engine/redis/rules_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

namespace flashbid {
namespace {

std::string or_dash(std::optional<Amount> amount) { return amount ? fmt::format("{}", amount->value()) : "-"; }

std::string steps_text(const Increment& increment) {
  if (increment.kind() == Increment::Kind::fixed) return fmt::format("{}", increment.fixed_step().value());
  std::string text;
  for (const IncrementRow& row : increment.rows()) {
    if (!text.empty()) text += ',';
    if (row.below) text += fmt::format("{}", row.below->value());
    text += fmt::format(":{}", row.step.value());
  }
  return text;
}

std::string soft_close_text(const std::optional<SoftClose>& soft_close) {
  if (!soft_close) return "- 0 b -";
  std::string text = fmt::format("{} {} {} ", soft_close->window.ms, soft_close->extend.ms,
                                 soft_close->mode == SoftClose::Mode::from_bid ? 'b' : 'c');
  return text + (soft_close->max_extensions ? fmt::format("{}", *soft_close->max_extensions) : "-");
}

// Takes a reply's words one after the other. The first that is not as it must be sticks.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  std::uint64_t number(std::uint64_t max = static_cast<std::uint64_t>(max_safe_integer)) {
    const std::string_view word = take();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size() || value > max) ok_ = false;
    return ok_ ? value : 0;
  }

  std::optional<Amount> amount_or_dash() {
    if (rest_.starts_with("- ")) {
      take();
      return std::nullopt;
    }
    return Amount{static_cast<std::int64_t>(number())};
  }

  Timestamp moment() {
    return Timestamp{static_cast<std::int64_t>(number(static_cast<std::uint64_t>(max_timestamp.ms)))};
  }

  // All that is left; empty = nobody.
  BidderId bidder_or_nobody() {
    if (rest_.empty()) return {};
    const auto bidder = parse_bidder_id(rest_);
    if (!bidder) ok_ = false;
    return bidder.value_or(BidderId{});
  }

  [[nodiscard]] bool ok() const { return ok_; }

 private:
  // Up to the next space, which must be there.
  std::string_view take() {
    const auto space = rest_.find(' ');
    if (space == std::string_view::npos) {
      ok_ = false;
      return {};
    }
    const std::string_view word = rest_.substr(0, space);
    rest_.remove_prefix(space + 1);
    return word;
  }

  std::string_view rest_;
  bool ok_ = true;
};

constexpr auto last_reason = static_cast<std::uint64_t>(Reason::amount_above_limit);

// An accepted bid has an event and stands; a rejected one has none.
bool makes_sense(const BidAnswer& answer) {
  const bool accepted = answer.reason == Reason::none;
  return accepted == (answer.sequence > Sequence{0}) && answer.sequence <= answer.as_of_sequence &&
         answer.price.has_value() == !answer.leader.empty() &&
         (!accepted || (answer.price == answer.amount && answer.leader == answer.bidder));
}

}  // namespace

std::string rules_text(const Terms& terms) {
  return fmt::format("{} {} {} {} {} {} {} {}", terms.opening_price.value(), or_dash(terms.amount_limit),
                     or_dash(terms.reserve), terms.opens_at.ms, soft_close_text(terms.soft_close),
                     terms.self_outbid ? 1 : 0, steps_text(terms.increment), terms.seller.view());
}

std::string state_text(const Auction& auction, const StoredPosition& position) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {}", auction.sequence.value(), static_cast<int>(auction.state),
                     auction.sold ? 1 : 0, auction.extensions, auction.bids,
                     auction.standing_price().value_or(Amount{0}).value(), auction.closes_at.ms, position.last_at.ms,
                     position.epoch.value(), position.base.value(), auction.leader.view());
}

std::string bid_reply_text(const BidAnswer& answer) {
  return fmt::format("{} {} {} {} {} {} {} 0 {}", static_cast<int>(answer.reason), answer.sequence.value(),
                     or_dash(answer.price), or_dash(answer.minimum_next), answer.closes_at.ms,
                     answer.as_of_sequence.value(), answer.decided_at.ms, answer.leader.view());
}

Result<BidReply> read_bid_reply_in_full(std::string_view reply, AuctionId auction, const Bid& bid) {
  Words words(reply);
  BidReply read;
  BidAnswer& answer = read.answer;
  answer.auction = auction;
  answer.bidder = bid.bidder;
  answer.amount = bid.amount;
  answer.reason = static_cast<Reason>(words.number(last_reason));
  answer.verdict = answer.reason == Reason::none ? Verdict::accepted : Verdict::rejected;
  answer.sequence = Sequence{words.number()};
  answer.price = words.amount_or_dash();
  answer.minimum_next = words.amount_or_dash();
  answer.closes_at = words.moment();
  answer.as_of_sequence = Sequence{words.number()};
  answer.decided_at = words.moment();
  read.repeated = words.number(1) == 1;
  answer.leader = words.bidder_or_nobody();
  if (!words.ok() || !makes_sense(answer)) {
    return fail(Failure::corrupt, fmt::format("a bid's reply is not understood: \"{}\"", reply.substr(0, 200)));
  }
  return read;
}

Result<BidAnswer> read_bid_reply(std::string_view reply, AuctionId auction, const Bid& bid) {
  Result<BidReply> read = read_bid_reply_in_full(reply, auction, bid);
  if (!read) return std::unexpected(std::move(read.error()));
  return std::move(read->answer);
}

}  // namespace flashbid
