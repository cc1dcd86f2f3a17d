// One auction that is watched: subscribes, goes on where it was, asks again for what is missing, and puts what is new
// into its mailbox. Lives on the thread of its io_context.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "client/backoff.hpp"
#include "client/frames.hpp"
#include "client/mailbox.hpp"

namespace flashbid::client {

class Watching : public std::enable_shared_from_this<Watching> {
 public:
  using Send = std::function<bool(std::string_view frame)>;

  Watching(boost::asio::io_context& io, std::uint64_t auction_id, Mode mode, std::shared_ptr<Mailbox> mailbox,
           Send send, Chance chance);

  // Over a new link, or over the one that is there.
  void begin();
  void lost() { is_subscribed_ = false; }
  // The mailbox has room again.
  void go_on();
  // Nobody reads any more.
  void end();
  template <class Said>
    requires requires(Follower& follower, Said said, Update& update) { follower.take(std::move(said), update); }
  void hear(Said frame) {
    if (is_paused_) return;
    if (!mailbox_->has_room()) return pause();
    Update update;
    const Follower::Taken taken = follower_.take(std::move(frame), update);
    if (taken == Follower::Taken::gap) return mend();
    if (taken == Follower::Taken::told) tell(std::move(update));
  }
  // The server does not show it. True if it never will.
  [[nodiscard]] bool is_refused_by(const Problem& problem);

  [[nodiscard]] const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

 private:
  void subscribe();
  void mend();
  void rest();
  void pause();
  void tell(Update update);

  const std::uint64_t auction_id_;
  const Mode mode_;
  std::shared_ptr<Mailbox> mailbox_;
  Send send_;
  Follower follower_;
  Backoff backoff_;
  boost::asio::steady_timer resting_;
  bool is_subscribed_ = false;  // over the link that is there now
  bool is_broken_ = false;      // frames are missing, or it was refused: to be asked for again
  bool is_resting_ = false;     // until then nothing is asked for again
  bool is_paused_ = false;      // until the mailbox has room
};

}  // namespace flashbid::client
