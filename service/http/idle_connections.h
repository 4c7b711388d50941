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
#include "tcb/base/result.h"

namespace thimble::http {

// Thread-safe. The destructor closes what is parked.
class IdleConnections {
 public:
  using Receiver = std::function<void(std::unique_ptr<Connection>)>;

  // `ready` gets a connection whose peer has done what it waits for, or closed, or whose deadline has passed. It must
  // not block.
  explicit IdleConnections(Receiver ready) : ready_(std::move(ready)) {}
  ~IdleConnections();
  IdleConnections(const IdleConnections&) = delete;
  IdleConnections& operator=(const IdleConnections&) = delete;

  // Before anything else. Error (kInternal): there is no descriptor or no thread for it.
  Status Start();
  // Gives it back when it takes no more.
  std::unique_ptr<Connection> Park(std::unique_ptr<Connection> connection);
  // Closes what is parked, but for busy ones, which `ready` gets; and takes no more.
  void Close();

 private:
  void Run();
  void Sweep(SteadyTime now);
  std::unique_ptr<Connection> Take(int descriptor);

  const Receiver ready_;
  int epoll_ = -1;
  int wake_ = -1;  // eventfd: Close() ends the thread
  std::mutex mutex_;
  std::unordered_map<int, std::unique_ptr<Connection>> parked_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace thimble::http
