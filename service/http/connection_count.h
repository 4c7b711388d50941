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

  // Counts one connection for as long as it lives. Used by one thread at a time.
  class Ticket {
   public:
    Ticket(ConnectionCount& count, std::string address) : count_(count), address_(std::move(address)) {}
    ~Ticket() { count_.Leave(address_); }
    // As one of this address from here on. False: there are too many of it, and nothing has changed.
    bool CountAs(const std::string& address) { return count_.Move(address_, address); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    ConnectionCount& count_;
    std::string address_;  // empty: of none
  };

  // Null: there are too many already. Loopback and the Unix socket are not counted by address.
  std::unique_ptr<Ticket> Enter(const std::string& address) {
    auto ticket = EnterUnnamed();
    return ticket && ticket->CountAs(address) ? std::move(ticket) : nullptr;
  }

  // Of a proxy that is still to say whose it is. Null: there are too many in all.
  std::unique_ptr<Ticket> EnterUnnamed() {
    const std::lock_guard lock(mutex_);
    if (total_ >= max_total_) return nullptr;
    ++total_;
    return std::make_unique<Ticket>(*this, "");
  }

 private:
  bool Move(std::string& counted_as, const std::string& address) {
    std::string next = PeerCountedAs(address);
    const std::lock_guard lock(mutex_);
    if (next == counted_as) return true;
    const auto there = by_address_.find(next);
    if (there != by_address_.end() && there->second >= max_per_address_ && !IsLoopbackPeer(address))
      return false;
    ++by_address_[next];
    Forget(counted_as);
    counted_as = std::move(next);
    return true;
  }

  void Leave(const std::string& address) {
    const std::lock_guard lock(mutex_);
    --total_;
    Forget(address);
  }

  void Forget(const std::string& address) {
    const auto it = by_address_.find(address);
    if (it != by_address_.end() && --it->second == 0) by_address_.erase(it);
  }

  const size_t max_total_, max_per_address_;
  std::mutex mutex_;
  size_t total_ = 0;
  std::unordered_map<std::string, size_t> by_address_;
};

}  // namespace thimble::http
