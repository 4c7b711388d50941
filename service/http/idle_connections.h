// SPDX-License-Identifier: Apache-2.0
//
// Where connections wait for their peers: one thread over epoll, whatever their number.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "service/http/connection.h"

namespace thimble::http {

// Thread-safe. The destructor closes what is parked.
class IdleConnections {
 public:
  using Receiver = std::function<void(std::unique_ptr<Connection>)>;

  // `ready` gets a connection whose peer has sent something or closed; `expired` one whose deadline has passed. Both are
  // called on the parking's thread and must not block.
  IdleConnections(Receiver ready, Receiver expired);
  ~IdleConnections();
  IdleConnections(const IdleConnections&) = delete;
  IdleConnections& operator=(const IdleConnections&) = delete;

  void Park(std::unique_ptr<Connection> connection);
  // Closes what is parked and refuses more.
  void Close();

 private:
  void Run();
  void Sweep(SteadyTime now);
  std::unique_ptr<Connection> Take(int descriptor);

  const Receiver ready_, expired_;
  const int epoll_;
  const int wake_;  // eventfd: Close() ends the thread
  std::mutex mutex_;
  std::unordered_map<int, std::unique_ptr<Connection>> parked_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace thimble::http
