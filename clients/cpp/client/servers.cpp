#include "client/servers.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace flashbid::client {

Servers::Servers(boost::asio::io_context& io, std::vector<Url> urls)
    : resolver_(io), urls_(std::move(urls)), authority_(urls_.front().authority()) {}

Awaitable<bool> Servers::found() {
  constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);
  if (is_fresh_ && !endpoints_.empty()) co_return true;
  std::vector<Endpoint> all;
  for (const Url& url : urls_) {
    const auto [error, answers] = co_await resolver_.async_resolve(url.host, url.port, quietly);
    if (error) continue;
    for (const auto& answer : answers) all.push_back(answer.endpoint());
  }
  if (!all.empty()) endpoints_ = std::move(all);
  is_fresh_ = true;
  co_return !endpoints_.empty();
}

}  // namespace flashbid::client
