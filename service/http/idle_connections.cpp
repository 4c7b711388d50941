// SPDX-License-Identifier: Apache-2.0
#include "service/http/idle_connections.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <vector>

#include "service/support/thread_start.h"
#include "tcb/check.h"

namespace thimble::http {
namespace {

constexpr std::chrono::milliseconds kSweep{250};  // how late a deadline may be noticed

}  // namespace

Status IdleConnections::Start() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll_ < 0 || wake_ < 0) {
    return Error{ErrorKind::kInternal, Check::kRequest,
                 "cannot wait for connections: no descriptor is left (ulimit -n, LimitNOFILE)"};
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  TRY_ASSIGN(thread_, StartThread("to wait for connections", [this] { Run(); }));
  return {};
}

IdleConnections::~IdleConnections() {
  Close();
  if (wake_ >= 0) ::close(wake_);
  if (epoll_ >= 0) ::close(epoll_);
}

void IdleConnections::Close() {
  std::unordered_map<int, std::unique_ptr<Connection>> parked;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    parked.swap(parked_);
  }
  const uint64_t one = 1;
  if (wake_ >= 0) (void)!::write(wake_, &one, sizeof(one));
  if (thread_.joinable()) thread_.join();
  for (auto& [descriptor, connection] : parked) {
    if (connection->busy()) ready_(std::move(connection));
  }
}

std::unique_ptr<Connection> IdleConnections::Park(std::unique_ptr<Connection> connection) {
  const int descriptor = connection->descriptor();
  epoll_event event{};
  event.events = EPOLLONESHOT | (connection->waits_to_write() ? EPOLLOUT : EPOLLIN | EPOLLRDHUP);
  event.data.fd = descriptor;
  const std::lock_guard lock(mutex_);
  if (closed_) return connection;
  // In the map before epoll can name it. A descriptor leaves epoll when it is closed, so there it may still be known.
  parked_[descriptor] = std::move(connection);
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event) != 0 &&
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) {
    parked_.erase(descriptor);  // closes it
  }
  return nullptr;
}

std::unique_ptr<Connection> IdleConnections::Take(int descriptor) {
  const std::lock_guard lock(mutex_);
  const auto it = parked_.find(descriptor);
  if (it == parked_.end()) return nullptr;
  auto connection = std::move(it->second);
  parked_.erase(it);
  return connection;
}

void IdleConnections::Sweep(SteadyTime now) {
  std::vector<std::unique_ptr<Connection>> late;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = parked_.begin(); it != parked_.end();) {
      if (it->second->deadline() > now) {
        ++it;
        continue;
      }
      late.push_back(std::move(it->second));
      it = parked_.erase(it);
    }
  }
  for (auto& connection : late) ready_(std::move(connection));
}

void IdleConnections::Run() {
  std::array<epoll_event, 64> events;
  SteadyTime next_sweep = std::chrono::steady_clock::now() + kSweep;
  for (;;) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(kSweep.count()));
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<size_t>(i)].data.fd;
      if (descriptor == wake_) return;
      if (auto connection = Take(descriptor)) ready_(std::move(connection));
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < next_sweep) continue;
    Sweep(now);
    next_sweep = now + kSweep;
  }
}

}  // namespace thimble::http
