// SPDX-License-Identifier: Apache-2.0
//
// The keys that TLS's session tickets are sealed with (RFC 5077). A new one takes over from time to time, and the one before
// it still opens what it has sealed: who steals a key opens no session that ended long before.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace thimble::http {

// Thread-safe.
class TicketKeys {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Name = std::array<uint8_t, 16>;
  struct Key {
    Name name;
    std::array<uint8_t, 32> cipher, mac;  // AES-256-CBC, HMAC-SHA-256
  };
  struct Found {
    Key key;
    bool newest = true;
  };

  static constexpr std::chrono::seconds kTicketLife = std::chrono::hours(2);
  static constexpr std::chrono::seconds kKeyLife =
      kTicketLife;  // seals for so long, and opens for as long again

  Key Newest(Time now);
  // nullopt: another's, or too old.
  std::optional<Found> Find(const Name& name, Time now);

 private:
  void Rotate(Time now);

  std::mutex mutex_;
  std::optional<Key> newest_, before_;
  Time since_{};  // of newest_
};

}  // namespace thimble::http
