#include "feed/hub.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace flashbid {

void Hub::subscribe(Watcher& watcher, AuctionId auction, WatchMode mode, std::optional<ResumePoint> from) {
  require(!publishing_, "a watcher subscribes outside of its callbacks");
  unsubscribe(watcher, auction);
  const std::uint64_t serial = next_serial_++;
  topics_[auction].subscriptions.push_back({&watcher, mode, false, serial});
  ++subscriptions_;
  // Only the newest state counts for a latest watcher: it never resumes, it starts at the snapshot.
  if (mode == WatchMode::latest) from.reset();
  source_.attach(auction, from, [this, auction, &watcher, serial](Result<Attached> answer) {
    on_attached(auction, watcher, serial, std::move(answer));
  });
}

bool Hub::unsubscribe(Watcher& watcher, AuctionId auction) {
  const Subscription* subscription = find(auction, watcher);
  if (subscription == nullptr) return false;
  const bool attached = subscription->attached;
  erase(auction, watcher);
  // One that still waits for its answer is detached when the answer comes.
  if (attached) source_.detach(auction);
  return true;
}

void Hub::on_attached(AuctionId auction, Watcher& watcher, std::uint64_t serial, Result<Attached> answer) {
  Subscription* subscription = find(auction, watcher);
  if (subscription == nullptr || subscription->serial != serial) {
    // Gone or replaced meanwhile. `watcher` may be dead: not touched.
    if (answer) source_.detach(auction);
    return;
  }
  if (!answer) {
    erase(auction, watcher);
    watcher.on_refused(auction, answer.error());
    return;
  }
  subscription->attached = true;
  if (const auto* snapshot = std::get_if<Snapshot>(&*answer)) {
    StateUpdate& newest = topics_[auction].newest;
    const auto age = [](const AuctionView& view) { return std::pair(view.epoch, view.auction.sequence); };
    if (!newest.view || age(*newest.view) < age(*snapshot->view)) {
      newest = {snapshot->view, nullptr};
    }
    watcher.on_snapshot(*snapshot);
    return;
  }
  auto& events = std::get<Continuation>(*answer);
  watcher.on_missed(auction, events.epoch, events.events);
}

void Hub::publish(Publication publication) {
  const auto found = topics_.find(publication.auction);
  if (found == topics_.end()) return;
  Topic& topic = found->second;
  if (publication.view) topic.newest = {std::move(publication.view), nullptr};
  publishing_ = true;
  for (const Subscription& subscription : topic.subscriptions) {
    if (subscription.watcher == nullptr || !subscription.attached) continue;
    if (subscription.mode == WatchMode::every) {
      subscription.watcher->on_events(publication.auction, publication.epoch, publication.events);
    } else {
      subscription.watcher->on_newer_state(publication.auction);
    }
  }
  publishing_ = false;
  sweep(publication.auction);
}

void Hub::reset(const SharedView& view) {
  const AuctionId auction = view->auction.id;
  const auto found = topics_.find(auction);
  if (found == topics_.end()) return;
  found->second.newest = {view, nullptr};
  publishing_ = true;
  for (const Subscription& subscription : found->second.subscriptions) {
    if (subscription.watcher == nullptr || !subscription.attached) continue;
    subscription.watcher->on_snapshot({view, true});
  }
  publishing_ = false;
  sweep(auction);
}

StateUpdate* Hub::newest(AuctionId auction) {
  const auto found = topics_.find(auction);
  if (found == topics_.end() || !found->second.newest.view) return nullptr;
  return &found->second.newest;
}

Hub::Subscription* Hub::find(AuctionId auction, const Watcher& watcher) {
  const auto topic = topics_.find(auction);
  if (topic == topics_.end()) return nullptr;
  auto& subscriptions = topic->second.subscriptions;
  const auto found = std::ranges::find(subscriptions, &watcher, &Subscription::watcher);
  return found == subscriptions.end() ? nullptr : &*found;
}

void Hub::erase(AuctionId auction, const Watcher& watcher) {
  Subscription* subscription = find(auction, watcher);
  subscription->watcher = nullptr;
  --subscriptions_;
  if (!publishing_) sweep(auction);
}

void Hub::sweep(AuctionId auction) {
  const auto topic = topics_.find(auction);
  if (topic == topics_.end()) return;
  std::erase_if(topic->second.subscriptions, [](const Subscription& s) { return s.watcher == nullptr; });
  if (topic->second.subscriptions.empty()) topics_.erase(topic);
}

}  // namespace flashbid
