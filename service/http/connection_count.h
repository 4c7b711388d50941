// SPDX-License-Identifier: Apache-2.0
//
// How many connections there are, in all and from each address.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "service/support/peer_address.h"

namespace thimble::http {

// Thread-safe. Must outlive its tickets.
class ConnectionCount {
 public:
  ConnectionCount(size_t max_total, size_t max_per_address)
      : max_total_(max_total), max_per_address_(max_per_address) {}

  // Counts one connection for as long as it lives.
  class Ticket {
   public:
    Ticket(ConnectionCount& count, std::string address) : count_(count), address_(std::move(address)) {}
    ~Ticket() { count_.Leave(address_); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    ConnectionCount& count_;
    const std::string address_;
  };

  // Null: there are too many already. Loopback and the Unix socket are not counted by address.
  std::unique_ptr<Ticket> Enter(const std::string& address) {
    const std::lock_guard lock(mutex_);
    if (total_ >= max_total_) return nullptr;
    const std::string counted_as = PeerCountedAs(address);
    size_t& here = by_address_[counted_as];
    if (here >= max_per_address_ && !IsLoopbackPeer(address)) return nullptr;
    ++here;
    ++total_;
    return std::make_unique<Ticket>(*this, counted_as);
  }

 private:
  void Leave(const std::string& address) {
    const std::lock_guard lock(mutex_);
    --total_;
    const auto it = by_address_.find(address);
    if (it != by_address_.end() && --it->second == 0) by_address_.erase(it);
  }

  const size_t max_total_, max_per_address_;
  std::mutex mutex_;
  size_t total_ = 0;
  std::unordered_map<std::string, size_t> by_address_;
};

}  // namespace thimble::http
