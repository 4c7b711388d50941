// SPDX-License-Identifier: Apache-2.0
#include "service/support/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "service/support/log.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

std::string_view Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? std::string_view(value) : std::string_view();
}

std::optional<int64_t> Number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number <= 0) return std::nullopt;
  return number;
}

// The variables are inherited: what is meant for a parent does not hold here.
std::optional<std::chrono::microseconds> AliveEvery() {
  const auto pid = Number(Variable("WATCHDOG_PID"));
  if (pid && *pid != ::getpid()) return std::nullopt;
  const auto patience = Number(Variable("WATCHDOG_USEC"));
  if (!patience) return std::nullopt;
  return std::chrono::microseconds(*patience / 2 + 1);
}

}  // namespace

ServiceManager ServiceManager::FromEnvironment() {
  ServiceManager manager;
  manager.socket_ = Variable("NOTIFY_SOCKET");
  if (!manager.socket_.empty()) manager.alive_every_ = AliveEvery();
  return manager;
}

void ServiceManager::Ready(std::string_view status) const { Send(StrCat("READY=1\nSTATUS=", status)); }

void ServiceManager::Reloading() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  Send(StrCat("RELOADING=1\nMONOTONIC_USEC=",
              std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void ServiceManager::Stopping() const { Send("STOPPING=1"); }
void ServiceManager::Alive() const { Send("WATCHDOG=1"); }

void ServiceManager::Send(const std::string& state) const {
  if (socket_.empty()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path) return;
  socket_.copy(address.sun_path, socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract one, which has no file
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const int sender = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto sent = sender < 0 ? -1
                               : ::sendto(sender, state.data(), state.size(), MSG_NOSIGNAL,
                                          reinterpret_cast<const sockaddr*>(&address), length);
  if (sent < 0) LogWarning("service manager cannot be told", {{"socket", socket_}, {"state", state}});
  if (sender >= 0) ::close(sender);
}

}  // namespace thimble
