#include "client/watching.hpp"

#include "client/attempts.hpp"
#include "client/writing.hpp"

namespace flashbid::client {

Watching::Watching(boost::asio::io_context& io, std::uint64_t auction_id, Mode mode, std::shared_ptr<Mailbox> mailbox,
                   Send send, Chance chance)
    : auction_id_(auction_id),
      mode_(mode),
      mailbox_(std::move(mailbox)),
      send_(std::move(send)),
      follower_(mode),
      backoff_(std::move(chance)),
      resting_(io) {}

void Watching::begin() {
  resting_.cancel();
  is_resting_ = false;
  if (!is_paused_) subscribe();
}

void Watching::go_on() {
  if (!is_paused_) return;
  is_paused_ = false;
  subscribe();
}

void Watching::end() {
  resting_.cancel();
  if (is_subscribed_) send_(unsubscribe_frame(auction_id_));
}

void Watching::subscribe() {
  is_broken_ = false;
  is_subscribed_ = send_(subscribe_frame(auction_id_, follower_.place(), mode_));
}

void Watching::pause() {
  is_paused_ = true;
  if (is_subscribed_) send_(unsubscribe_frame(auction_id_));
  is_subscribed_ = false;
}

void Watching::tell(Update update) {
  is_broken_ = false;
  mailbox_->put(std::move(update));
}

bool Watching::is_refused_by(const Problem& problem) {
  is_subscribed_ = false;
  if (!is_passing(problem.code)) return true;
  is_broken_ = true;
  rest();
  return false;
}

// Nothing is asked for twice while an answer may be under way, and less and less often where asking does not help.
void Watching::mend() {
  is_broken_ = true;
  if (is_resting_) return;
  subscribe();
  is_broken_ = true;  // until something is told
  rest();
}

void Watching::rest() {
  if (is_resting_) return;
  is_resting_ = true;
  resting_.expires_after(backoff_.next());
  resting_.async_wait([self = weak_from_this()](boost::system::error_code error) {
    const auto watching = self.lock();
    if (error || !watching) return;
    watching->is_resting_ = false;
    if (watching->is_broken_ && !watching->is_paused_) {
      watching->mend();
    } else {
      watching->backoff_.succeeded();
    }
  });
}

}  // namespace flashbid::client
