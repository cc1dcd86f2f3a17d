// Whatever the order in which connections die, frames get lost and histories end: at last a subscription has told the
// ledger, every event once and in order. The real Watching and Mailbox; the server is a model.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <vector>

#include "client/watching.hpp"

namespace flashbid::client {
namespace {

constexpr std::uint64_t id = 7;

// The truth: its events, and the state after each, reckoned by itself.
class House {
 public:
  House() { happen({.kind = EventKind::created}); }

  void bid(std::int64_t step) {
    if (now().state != AuctionState::open) return;
    const std::int64_t amount = now().price.value_or(99) + step;
    happen({.kind = EventKind::bid_accepted,
            .bidder = "Bob",
            .amount = amount,
            .price = amount,
            .leader = "Bob",
            .minimum_next = amount + 1,
            .closes_at = now().closes_at});
  }
  void extend() {
    if (now().state != AuctionState::open) return;
    happen({.kind = EventKind::extended,
            .closes_at = now().closes_at + Milliseconds(5),
            .extensions = now().extensions + 1});
  }
  void close() {
    if (now().state != AuctionState::open) return;
    happen({.kind = EventKind::closed, .price = now().price, .winner = now().leader, .sold = now().price.has_value()});
  }
  // The last events are lost, and another history goes on from there.
  void fail_over(std::size_t lost) {
    const std::size_t kept = events_.size() - std::min(lost, events_.size() - 1);
    events_.resize(kept);
    states_.resize(kept);
    ++epoch_;
  }

  [[nodiscard]] Auction now() const {
    Auction auction = states_.back();
    auction.place.epoch = epoch_;
    return auction;
  }
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

 private:
  void happen(Event event) {
    event.auction_id = id;
    event.place = {epoch_, events_.size() + 1};
    Auction after = states_.empty() ? Auction{} : states_.back();
    after.id = id;
    after.state = AuctionState::open;
    after.place = event.place;
    if (event.kind == EventKind::bid_accepted) {
      after.price = event.amount;
      after.leader = event.bidder;
      after.minimum_next = event.amount + 1;
      after.bids += 1;
    } else if (event.kind == EventKind::extended) {
      after.closes_at += Milliseconds(5);
      after.extensions += 1;
    } else if (event.kind == EventKind::closed) {
      after.state = AuctionState::closed;
      after.winner = after.leader;
      after.sold = after.leader.has_value();
    }
    events_.push_back(std::move(event));
    states_.push_back(std::move(after));
  }

  std::uint64_t epoch_ = 1;
  std::vector<Event> events_;
  std::vector<Auction> states_;
};

enum class Fault { lose, repeat, swap };

// One socket: what was sent to the watcher and has not arrived yet.
class Socket {
 public:
  Socket(House& house, Mode mode) : house_(house), mode_(mode) {}

  bool hear(std::string_view frame) {
    if (!is_up) return false;
    is_subscribed_ = frame.find("\"unsubscribe\"") == std::string_view::npos;
    if (!is_subscribed_) return true;
    const std::uint64_t epoch = number(frame, "\"epoch\":");
    const std::uint64_t after = number(frame, "\"after_sequence\":");
    if (mode_ == Mode::every && epoch == house_.epoch() && after <= house_.events().size()) {
      for (std::uint64_t n = after; n < house_.events().size(); ++n)
        under_way.push_back(EventFrame{house_.events()[n]});
    } else if (mode_ == Mode::every && epoch != 0) {
      under_way.push_back(ResetFrame{house_.now()});
    } else {
      under_way.push_back(SnapshotFrame{house_.now()});
    }
    return true;
  }
  void published(std::size_t before) {
    if (!is_subscribed_ || !is_up) return;
    for (std::size_t n = before; n < house_.events().size(); ++n) {
      if (mode_ == Mode::every) under_way.push_back(EventFrame{house_.events()[n]});
    }
    if (mode_ == Mode::latest && before < house_.events().size()) under_way.push_back(StateFrame{id, house_.now()});
  }
  void failed_over() {
    if (is_subscribed_ && is_up) under_way.push_back(ResetFrame{house_.now()});
  }
  void die() {
    under_way.clear();
    is_subscribed_ = false;
  }

  std::deque<Frame> under_way;
  bool is_up = true;

 private:
  static std::uint64_t number(std::string_view frame, std::string_view name) {
    const std::size_t at = frame.find(name);
    return at == std::string_view::npos ? 0 : std::strtoull(frame.data() + at + name.size(), nullptr, 10);
  }
  House& house_;
  Mode mode_;
  bool is_subscribed_ = false;
};

class Scene {
 public:
  Scene(Mode mode, std::size_t room) : mode_(mode), mailbox_(std::make_shared<Mailbox>(mode, room)) {
    watching_ = std::make_shared<Watching>(
        io_, id, mode, mailbox_, [this](std::string_view frame) { return socket_.hear(frame); }, [] { return 0.5; });
    watching_->begin();
  }

  void happen(int what, std::size_t count) {
    const std::size_t before = house_.events().size();
    for (std::size_t n = 0; what == 0 && n < count; ++n) house_.bid(static_cast<std::int64_t>(n + 1));
    if (what == 1) house_.extend();
    if (what == 2) house_.close();
    socket_.published(before);
  }
  void fail_over(std::size_t lost) {
    house_.fail_over(lost);
    socket_.failed_over();
  }
  void deliver(std::size_t most) {
    for (; most > 0 && !socket_.under_way.empty(); --most) {
      auto& frames = socket_.under_way;
      if (!faults_.empty()) {
        const Fault fault = faults_.front();
        faults_.pop_front();
        if (fault == Fault::repeat) frames.push_back(frames.front());  // late
        if (fault == Fault::swap && frames.size() > 1) std::swap(frames[0], frames[1]);
        if (fault == Fault::lose) {
          frames.pop_front();
          continue;
        }
      }
      const Frame frame = std::move(frames.front());
      frames.pop_front();
      std::visit([this](auto said) { hear(std::move(said)); }, frame);
    }
    io_.poll();
  }
  void break_off() {
    socket_.die();
    watching_->lost();
    if (socket_.is_up) watching_->begin();
  }
  void set_up(bool is_up) {
    socket_.is_up = is_up;
    break_off();
  }
  void add(Fault fault) { faults_.push_back(fault); }

  // What was told is judged as it is taken.
  // False if there was nothing any more.
  bool read(std::size_t most) {
    for (; most > 0; --most) {
      Mailbox::Taken taken = mailbox_->take(Milliseconds(0));
      if (taken.has_room_again) watching_->go_on();
      RC_ASSERT(taken.update.has_value());
      if (!*taken.update) return false;
      judge(**taken.update);
      last_ = std::move(**taken.update);
    }
    return true;
  }

  void heal() {
    faults_.clear();
    socket_.is_up = true;
    happen(0, 1);
    for (int n = 0; n < 4; ++n) {
      break_off();
      do {
        deliver(10);
      } while (read(10) || !socket_.under_way.empty());
    }
  }

  void check() {
    RC_ASSERT(last_.has_value());
    RC_ASSERT(last_->auction == house_.now());
  }

 private:
  template <class Said>
  void hear(Said said) {
    if constexpr (requires { watching_->hear(said); }) watching_->hear(std::move(said));
  }
  void judge(const Update& update) {
    RC_ASSERT((update.kind == Update::Kind::snapshot) == !last_.has_value());
    if (!last_ || update.kind == Update::Kind::reset) return;
    const Place before = last_->auction.place;
    const Place now = update.auction.place;
    RC_ASSERT(now.epoch > before.epoch || now.sequence >= before.sequence);
    if (mode_ == Mode::latest) return;
    RC_ASSERT(update.kind == Update::Kind::event);
    RC_ASSERT(update.event->place.sequence == before.sequence + 1);
    RC_ASSERT(update.event->place.epoch <= before.epoch);  // else what came before it may be another history
    RC_ASSERT(now == (Place{before.epoch, before.sequence + 1}));
  }

  Mode mode_;
  House house_;
  Socket socket_{house_, mode_};
  boost::asio::io_context io_;
  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<Watching> watching_;
  std::deque<Fault> faults_;
  std::optional<Update> last_;
};

using Step = std::pair<int, std::size_t>;

void take(Scene& scene, const Step& step) {
  const auto& [what, count] = step;
  switch (what) {
    case 0:
    case 1:
    case 2:
      return scene.happen(0, count);
    case 3:
      return scene.happen(1, 1);
    case 4:
      return count == 1 ? scene.happen(2, 1) : scene.happen(0, count);
    case 5:
      return scene.fail_over(count);
    case 6:
    case 7:
    case 8:
      return scene.deliver(count);
    case 9:
    case 10:
      return scene.break_off();
    case 11:
      return scene.set_up(count % 2 == 0);
    case 12:
      return scene.add(static_cast<Fault>(count % 3));
    default:
      scene.read(count);
  }
}

RC_GTEST_PROP(ClientWatching, TellsTheLedgerAtLast, ()) {
  const auto mode = *rc::gen::element(Mode::every, Mode::latest);
  Scene scene(mode, *rc::gen::inRange<std::size_t>(2, 8));
  const auto steps = *rc::gen::container<std::vector<Step>>(
      rc::gen::pair(rc::gen::inRange(0, 16), rc::gen::inRange<std::size_t>(1, 9)));
  for (const Step& step : steps) take(scene, step);
  scene.heal();
  scene.check();
}

}  // namespace
}  // namespace flashbid::client
