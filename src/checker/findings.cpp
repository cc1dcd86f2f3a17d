#include "checker/findings.hpp"

namespace flashbid::checker {

std::string_view to_text(Rule rule) {
  switch (rule) {
    case Rule::malformed:
      return "malformed";
    case Rule::sequence_gap:
      return "sequence_gap";
    case Rule::event_order:
      return "event_order";
    case Rule::event_time:
      return "event_time";
    case Rule::price_step:
      return "price_step";
    case Rule::event_fields:
      return "event_fields";
    case Rule::late_bid:
      return "late_bid";
    case Rule::extension:
      return "extension";
    case Rule::close:
      return "close";
    case Rule::lost_bid:
      return "lost_bid";
    case Rule::changed_bid:
      return "changed_bid";
    case Rule::double_effect:
      return "double_effect";
    case Rule::invented_bid:
      return "invented_bid";
    case Rule::lost_state:
      return "lost_state";
    case Rule::answer_state:
      return "answer_state";
    case Rule::wrong_reason:
      return "wrong_reason";
    case Rule::decided_at:
      return "decided_at";
    case Rule::real_time:
      return "real_time";
    case Rule::stale_answer:
      return "stale_answer";
    case Rule::same_key:
      return "same_key";
    case Rule::read_state:
      return "read_state";
    case Rule::stale_read:
      return "stale_read";
    case Rule::bids_list:
      return "bids_list";
    case Rule::final_price:
      return "final_price";
    case Rule::not_closed:
      return "not_closed";
    case Rule::watcher_gap:
      return "watcher_gap";
    case Rule::watcher_event:
      return "watcher_event";
    case Rule::watcher_state:
      return "watcher_state";
    case Rule::watcher_end:
      return "watcher_end";
  }
  return "";
}

}  // namespace flashbid::checker
