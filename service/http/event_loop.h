// SPDX-License-Identifier: Apache-2.0
//
// One thread over epoll, which accepts, reads, answers and writes: a request that can be answered at once never leaves it.
// Connections whose next step may wait or compute go to a worker, and come back.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "service/http/connection.h"
#include "service/support/thread_pool.h"
#include "tcb/base/result.h"

namespace thimble::http {

// The destructor closes what is left, after Stop().
class EventLoop {
 public:
  // Error (kInternal): there is no descriptor for it. The workers outlive it.
  static Result<std::unique_ptr<EventLoop>> Make(ThreadPool& workers);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // `accept` accepts one of those who wait at the listening socket, on this loop's thread. False: it could not, and will
  // not for a while. Error (kInternal): there is no thread.
  Status Start(int listener, std::function<bool()> accept);
  // On this loop's thread: the connection is its from here on.
  void Hold(std::unique_ptr<Connection> connection);
  // From any other thread.
  void Take(std::unique_ptr<Connection> connection);
  // Connections. From any thread.
  size_t size() const { return size_; }

  // From any other thread: no new connections, and the end once those that are here have theirs. They know that the server
  // stops (ConnectionContext::stopping).
  void BeginStop();
  void Join();

 private:
  // Whose turn it is to go on with a connection.
  enum class Turn : uint8_t { kPeer, kLoop, kWorker };
  struct Held {
    std::unique_ptr<Connection> connection;
    Turn turn = Turn::kPeer;
    bool watches_writing = false;
  };

  EventLoop(ThreadPool& workers, int epoll, int wake) : workers_(workers), epoll_(epoll), wake_(wake) {}
  bool Watch(int operation, int descriptor, uint32_t events) const;
  void Wake() const;

  void Run();
  int Patience() const;
  void Heed(int descriptor, uint32_t events);
  void Accept();
  void OpenMail();
  void Serve(Held& held);
  void HaveItWorkedOn(Held& held);
  void WaitForPeer(Held& held);
  void Queue(Held& held);
  void ServeNextInQueue();
  void Drop(Held& held);
  void Sweep(SteadyTime now);
  void EndAll();

  ThreadPool& workers_;
  const int epoll_;
  const int wake_;  // eventfd: there is mail
  int listener_ = -1;
  bool listens_ = false;
  bool ending_ = false;
  std::function<bool()> accept_;
  std::unordered_map<int, Held> held_;  // by descriptor
  std::deque<int> queue_;               // of those with Turn::kLoop
  std::atomic<size_t> size_{0};

  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> arrived_;
  std::vector<int> worked_on_;
  bool stop_ = false;

  std::thread thread_;
};

}  // namespace thimble::http
