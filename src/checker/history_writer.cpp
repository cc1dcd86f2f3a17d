#include <fmt/format.h>

#include <iterator>
#include <ostream>
#include <string>

#include "checker/history_lines.hpp"
#include "ledger/json_text.hpp"

namespace flashbid::checker {
namespace {

template <class... Args>
void add(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

std::string json_text(std::string_view text) {
  std::string out;
  json::append_text(text, out);
  return out;
}

std::string text_of(std::optional<Amount> amount) { return amount ? std::to_string(amount->value()) : "null"; }
std::string text_of(std::optional<bool> value) { return value ? (*value ? "true" : "false") : "null"; }
std::string text_of(Timestamp time) { return json_text(flashbid::to_text(time)); }

class Writer {
 public:
  Writer(const History& history, std::ostream& out) : history_(history), out_(out) {}

  bool write() {
    add(line_, R"({{"line":"history","version":1,"seed":{},"clock_ran_back":{}}})", history_.seed,
        history_.clock_ran_back);
    end();
    for (std::uint32_t i = 0; i < history_.bidders.size(); ++i) name("bidder", history_.bidders[i]);
    for (std::uint32_t i = 0; i < history_.keys.size(); ++i) name("key", history_.keys[i]);
    for (const AuctionRecord& auction : history_.auctions) write_auction(auction);
    for (const Operation& operation : history_.operations) write_operation(operation);
    for (const WatcherRecord& watcher : history_.watchers) write_watcher(watcher);
    for (const std::string& sentence : history_.malformed) {
      add(line_, R"({{"line":"malformed","sentence":{}}})", json_text(sentence));
      end();
    }
    out_.flush();
    return out_.good();
  }

 private:
  void end() {
    line_ += '\n';
    out_.write(line_.data(), static_cast<std::streamsize>(line_.size()));
    line_.clear();
  }

  void name(std::string_view kind, std::string_view text) {
    add(line_, R"({{"line":"{}","name":{}}})", kind, json_text(text));
    end();
  }

  [[nodiscard]] std::string bidder(BidderIndex index) const {
    return index == nobody ? "null" : json_text(history_.bidders[index]);
  }

  void write_increment(const Increment& increment) {
    if (increment.rows().empty()) {
      add(line_, "{}", increment.fixed_step().value());
      return;
    }
    line_ += R"({"table":[)";
    const char* comma = "";
    for (const IncrementRow& row : increment.rows()) {
      add(line_, "{}[{},{}]", std::exchange(comma, ","), text_of(row.below), row.step.value());
    }
    line_ += "]}";
  }

  void write_terms(const Terms& terms) {
    add(line_, R"("terms":{{"currency":"{}","opening_price":{},"increment":)", terms.currency.code(),
        terms.opening_price.value());
    write_increment(terms.increment);
    add(line_, R"(,"opens_at":{},"closes_at":{},"soft_close":)", text_of(terms.opens_at), text_of(terms.closes_at));
    if (const auto& soft = terms.soft_close) {
      add(line_, R"({{"window_ms":{},"extend_ms":{},"mode":"{}","max_extensions":{}}})", soft->window.ms,
          soft->extend.ms, soft->mode == SoftClose::Mode::from_bid ? "from_bid" : "from_close",
          soft->max_extensions ? std::to_string(*soft->max_extensions) : "null");
    } else {
      line_ += "null";
    }
    add(line_, R"(,"seller":{},"self_outbid":{},"amount_limit":{},"reserve":{}}})",
        terms.seller.empty() ? std::string("null") : json_text(terms.seller.view()), terms.self_outbid,
        text_of(terms.amount_limit), text_of(terms.reserve));
  }

  void write_auction(const AuctionRecord& auction) {
    add(line_, R"({{"line":"auction","id":{},)", auction.id.value());
    write_terms(auction.terms);
    add(line_, R"(,"reserve_known":{},"before_run":{},"only_ours":{},"must_be_closed":{}}})", auction.reserve_known,
        auction.before_run.value(), auction.only_ours, auction.must_be_closed);
    end();
    for (const HistoryEvent& event : auction.events) write_event(event);
    for (const BidRow& row : auction.bids) {
      add(line_, R"({{"line":"bid","sequence":{},"bidder":{},"amount":{},"at":{}}})", row.sequence.value(),
          bidder(row.bidder), row.amount.value(), text_of(row.at));
      end();
    }
    for (const StateSeen& read : auction.reads) {
      add(line_, R"({{"line":"read",)");
      write_seen(read);
      line_ += '}';
      end();
    }
  }

  void write_event(const HistoryEvent& event) {
    add(line_, R"({{"line":"event","epoch":{},"sequence":{},"event":"{}","at":{})", event.epoch.value(),
        event.sequence.value(), to_text(event.kind), text_of(event.at));
    switch (event.kind) {
      case EventKind::created:
        add(line_, R"(,"auction":{{"closes_at":{}}})", text_of(event.closes_at));
        break;
      case EventKind::bid_accepted:
        add(line_, R"(,"bidder":{},"amount":{},"price":{},"leader":{},"minimum_next":{},"closes_at":{})",
            bidder(event.bidder), text_of(event.amount), text_of(event.price), bidder(event.leader),
            text_of(event.minimum_next), text_of(event.closes_at));
        break;
      case EventKind::extended:
        add(line_, R"(,"closes_at":{},"extensions":{})", text_of(event.closes_at), event.extensions);
        break;
      case EventKind::closed:
        add(line_, R"(,"winner":{},"price":{},"sold":{})", bidder(event.leader), text_of(event.price), event.sold);
        break;
      case EventKind::opened:
      case EventKind::cancelled:
        break;
    }
    line_ += '}';
    end();
  }

  void write_seen(const StateSeen& seen) {
    add(line_,
        R"("asked_ns":{},"seen_ns":{},"auction":{{"epoch":{},"sequence":{},"state":"{}","price":{},"leader":{},)"
        R"("minimum_next":{},"closes_at":{},"bids":{},"extensions":{},"winner":{},"sold":{}}})",
        seen.asked_ns, seen.seen_ns, seen.epoch.value(), seen.sequence.value(), flashbid::to_text(seen.state),
        text_of(seen.price), bidder(seen.leader), text_of(seen.minimum_next), text_of(seen.closes_at), seen.bids,
        seen.extensions, bidder(seen.winner), text_of(seen.sold));
  }

  void write_operation(const Operation& operation) {
    add(line_,
        R"({{"line":"operation","auction_id":{},"bidder":{},"amount":{},"key":{},"sent_ns":{},"answered_ns":{},)"
        R"("outcome":"{}","status":{},"echo_differs":{})",
        operation.auction.value(), bidder(operation.bidder), operation.amount.value(),
        operation.key == no_key ? std::string("null") : json_text(history_.keys[operation.key]), operation.sent_ns,
        operation.answered_ns, to_text(operation.outcome), operation.status, operation.echo_differs);
    const bool accepted = operation.outcome == Outcome::accepted;
    if (accepted || operation.outcome == Outcome::rejected) {
      add(line_, R"(,"answer":{{"verdict":"{}","auction_id":{},)", to_text(operation.outcome),
          operation.auction.value());
      if (accepted) {
        add(line_, R"("sequence":{},"bidder":{},"amount":{},)", operation.sequence.value(), bidder(operation.bidder),
            operation.amount.value());
      } else {
        add(line_, R"("reason":"{}",)", flashbid::to_text(operation.reason));
      }
      const Quote& quote = operation.quote;
      add(line_, R"("price":{},"leader":{},"minimum_next":{},"closes_at":{},"as_of_sequence":{},"decided_at":{}}})",
          text_of(quote.price), bidder(quote.leader), text_of(quote.minimum_next), text_of(quote.closes_at),
          quote.as_of_sequence.value(), text_of(quote.decided_at));
    }
    line_ += '}';
    end();
  }

  void write_watcher(const WatcherRecord& watcher) {
    add(line_, R"({{"line":"watcher","auction_id":{},"latest":{},"to_the_end":{},"resumed_after":{},"events":[)",
        watcher.auction.value(), watcher.latest, watcher.to_the_end,
        watcher.resumed_after ? std::to_string(watcher.resumed_after->value()) : "null");
    const char* comma = "";
    for (const EventSeen& event : watcher.events) {
      add(line_, "{}[{},{},{}]", std::exchange(comma, ","), event.sequence.value(), event.digest, event.seen_ns);
    }
    line_ += R"(],"states":[)";
    comma = "";
    for (const WatcherRecord::State& state : watcher.states) {
      add(line_, R"({}{{"events_before":{},)", std::exchange(comma, ","), state.events_before);
      write_seen(state.seen);
      line_ += '}';
    }
    line_ += "]}";
    end();
  }

  const History& history_;
  std::ostream& out_;
  std::string line_;
};

}  // namespace

bool write_history(const History& history, std::ostream& out) { return Writer(history, out).write(); }

}  // namespace flashbid::checker
