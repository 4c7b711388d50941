// SPDX-License-Identifier: Apache-2.0
#include "service/http/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "service/support/log.h"
#include "service/support/thread_start.h"
#include "tcb/check.h"

namespace thimble::http {
namespace {

// How late a deadline may be noticed, and how long nobody is accepted when there was no descriptor.
constexpr std::chrono::milliseconds kSweep{250};

constexpr size_t kEventsAtOnce = 64;

// Told once of what has come: whoever waits for a worker or his turn is not told again and again (epoll(7)).
constexpr uint32_t kReading = EPOLLIN | EPOLLRDHUP | EPOLLET;

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::Make(ThreadPool& workers) {
  std::unique_ptr<EventLoop> loop(
      new EventLoop(workers, ::epoll_create1(EPOLL_CLOEXEC), ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
  if (loop->epoll_ < 0 || loop->wake_ < 0 || !loop->Watch(EPOLL_CTL_ADD, loop->wake_, EPOLLIN)) {
    return Error{ErrorKind::kInternal, Check::kRequest,
                 "cannot wait for connections: no descriptor is left (ulimit -n, LimitNOFILE)"};
  }
  return loop;
}

EventLoop::~EventLoop() {
  BeginStop();
  Join();
  if (wake_ >= 0) ::close(wake_);
  if (epoll_ >= 0) ::close(epoll_);
}

Status EventLoop::Start(int listener, std::function<bool()> accept) {
  listener_ = listener;
  accept_ = std::move(accept);
  TRY_ASSIGN(thread_, StartThread("to serve connections", [this] { Run(); }));
  return {};
}

bool EventLoop::Watch(int operation, int descriptor, uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  return ::epoll_ctl(epoll_, operation, descriptor, &event) == 0;
}

void EventLoop::Wake() const {
  const uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

void EventLoop::Take(std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    arrived_.push_back(std::move(connection));
  }
  Wake();
}

void EventLoop::BeginStop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  Wake();
}

void EventLoop::Join() {
  if (thread_.joinable()) thread_.join();
}

// -- On its own thread ------------------------------------------------------------------------------------------------

void EventLoop::Run() {
  std::array<epoll_event, kEventsAtOnce> events;
  SteadyTime next_sweep{};
  Sweep(std::chrono::steady_clock::now());  // listens
  while (!ending_ || !held_.empty()) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), Patience());
    bool mail = false;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events.at(static_cast<size_t>(i));
      if (event.data.fd == wake_) {
        mail = true;
      } else if (event.data.fd == listener_) {
        Accept();
      } else {
        Heed(event.data.fd, event.events);
      }
    }
    if (mail) OpenMail();
    ServeNextInQueue();
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < next_sweep) continue;
    Sweep(now);
    next_sweep = now + kSweep;
  }
}

// For epoll_wait().
int EventLoop::Patience() const {
  if (!queue_.empty()) return 0;
  return held_.empty() && listens_ ? -1 : static_cast<int>(kSweep.count());
}

// A handshake has its turn when nobody else has anything to be done: a flood of them does not keep others waiting.
void EventLoop::Heed(int descriptor, uint32_t events) {
  const auto found = held_.find(descriptor);
  if (found == held_.end()) return;
  Held& held = found->second;
  constexpr uint32_t kEnded = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & (EPOLLIN | kEnded)) != 0) held.connection->MayRead((events & kEnded) != 0);
  if (held.turn != Turn::kPeer) return;
  if (held.connection->shaking_hands()) {
    Queue(held);
  } else {
    Serve(held);
  }
}

// One at a time: another loop may have less to do.
void EventLoop::Accept() {
  if (!listens_ || accept_()) return;
  LogWarning("connections wait", {}, "no descriptor is left for them (ulimit -n, LimitNOFILE)");
  Watch(EPOLL_CTL_DEL, listener_, 0);
  listens_ = false;  // until the next sweep
}

void EventLoop::OpenMail() {
  uint64_t letters = 0;
  (void)!::read(wake_, &letters, sizeof letters);
  std::vector<std::unique_ptr<Connection>> arrived;
  std::vector<int> worked_on;
  bool stop = false;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(arrived_);
    worked_on.swap(worked_on_);
    stop = stop_;
  }
  for (auto& connection : arrived) Hold(std::move(connection));
  for (const int descriptor : worked_on) {
    Held& held = held_.at(descriptor);
    held.turn = Turn::kPeer;
    Serve(held);
  }
  if (stop && !ending_) EndAll();
}

void EventLoop::Hold(std::unique_ptr<Connection> connection) {
  const int descriptor = connection->descriptor();
  Held& held = held_[descriptor];
  held.connection = std::move(connection);
  size_ = held_.size();
  if (!Watch(EPOLL_CTL_ADD, descriptor, kReading)) return Drop(held);
  if (ending_) Serve(held);
}

void EventLoop::Serve(Held& held) {
  switch (held.connection->Serve()) {
    case Connection::Next::kClose:
      return Drop(held);
    case Connection::Next::kWait:
      return WaitForPeer(held);
    case Connection::Next::kYield:
      return Queue(held);
    case Connection::Next::kWork:
      return HaveItWorkedOn(held);
  }
}

void EventLoop::WaitForPeer(Held& held) {
  if (!held.connection->waits_to_write() || held.watches_writing) return;
  held.watches_writing = true;
  if (!Watch(EPOLL_CTL_MOD, held.connection->descriptor(), kReading | EPOLLOUT)) Drop(held);
}

// From here on the connection is a worker's.
void EventLoop::HaveItWorkedOn(Held& held) {
  held.turn = Turn::kWorker;
  const bool taken = workers_.Run([this, connection = held.connection.get()] {
    connection->Work();
    const int descriptor = connection->descriptor();
    {
      const std::lock_guard lock(mutex_);
      worked_on_.push_back(descriptor);
    }
    Wake();
  });
  if (taken) return;
  held.turn = Turn::kPeer;
  held.connection->Overloaded();
  Queue(held);
}

void EventLoop::Queue(Held& held) {
  held.turn = Turn::kLoop;
  queue_.push_back(held.connection->descriptor());
}

void EventLoop::ServeNextInQueue() {
  if (queue_.empty()) return;
  Held& held = held_.at(queue_.front());
  queue_.pop_front();
  held.turn = Turn::kPeer;
  Serve(held);
}

// Not while it is in the queue, or a worker's.
void EventLoop::Drop(Held& held) {
  held_.erase(held.connection->descriptor());
  size_ = held_.size();
}

void EventLoop::Sweep(SteadyTime now) {
  std::vector<int> late;
  for (const auto& [descriptor, held] : held_) {
    if (held.turn == Turn::kPeer && held.connection->deadline() <= now) late.push_back(descriptor);
  }
  for (const int descriptor : late) Serve(held_.at(descriptor));
  if (!listens_ && !ending_) listens_ = Watch(EPOLL_CTL_ADD, listener_, EPOLLIN | EPOLLEXCLUSIVE);
}

// Those that are a worker's or in the queue learn of it there.
void EventLoop::EndAll() {
  ending_ = true;
  if (listens_) Watch(EPOLL_CTL_DEL, listener_, 0);
  listens_ = false;
  std::vector<int> waiting;
  for (const auto& [descriptor, held] : held_) {
    if (held.turn == Turn::kPeer) waiting.push_back(descriptor);
  }
  for (const int descriptor : waiting) Serve(held_.at(descriptor));
}

}  // namespace thimble::http
