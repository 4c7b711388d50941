// SPDX-License-Identifier: Apache-2.0
//
// Tells the service manager that started this process how it goes: datagrams to the socket that NOTIFY_SOCKET names
// (sd_notify(3)). Without one it says nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace thimble {

class ServiceManager {
 public:
  static ServiceManager FromEnvironment();

  void Ready(std::string_view status) const;  // a line for people
  void Reloading() const;                     // Ready() says when that has ended
  void Stopping() const;
  void Alive() const;
  // How often Alive() has to be said: twice in the time after which the manager ends what is silent. nullopt: never.
  std::optional<std::chrono::microseconds> alive_every() const { return alive_every_; }

 private:
  void Send(const std::string& state) const;

  std::string socket_;  // empty: nobody listens
  std::optional<std::chrono::microseconds> alive_every_;
};

}  // namespace thimble
