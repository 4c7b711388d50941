// SPDX-License-Identifier: Apache-2.0
//
// Asks a server on loopback the same thing for a while, over some connections at once, and prints one JSON object:
// requests, seconds, rate, percentiles of the time to answer in microseconds, bytes of a body.
//   http_load PORT TARGET CONNECTIONS SECONDS [tls] [new | resume] [post=FILE [forge=OFFSET]]
// tls: over TLS, the certificate unchecked; new: a connection for each request; resume: the same, with the TLS session of
// the one before, which must be taken; post: the bodies
// in FILE in turn, each after its length (32 bits, little endian), as application/octet-stream; forge: eight bytes of
// each at that offset are others every time.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Load {
  uint16_t port = 0;
  std::string target;
  int connections = 1;
  double seconds = 1;
  bool tls = false, fresh = false, resume = false;
  std::optional<size_t> forge;
  std::vector<std::string> requests;
};

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

// One connection, plain or TLS. Any failure ends the program: a benchmark with errors measures nothing.
class Peer {
 public:
  Peer(const Load& load, SSL_CTX* context, SSL_SESSION* before) {
    socket_ = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(load.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) Die("connect");
    if (context == nullptr) return;
    tls_ = SSL_new(context);
    SSL_set_fd(tls_, socket_);
    if (before != nullptr) SSL_set_session(tls_, before);
    if (SSL_connect(tls_) != 1) Die("TLS handshake");
    if (before != nullptr && SSL_session_reused(tls_) == 0) Die("resumption");
  }
  ~Peer() {
    if (tls_ != nullptr) SSL_shutdown(tls_);
    SSL_free(tls_);
    close(socket_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // To be resumed, once an answer has come; the caller's.
  SSL_SESSION* Session() const { return SSL_get1_session(tls_); }

  // The size of the answer's body.
  size_t Ask(std::string_view request) {
    if (Write(request) != request.size()) Die("write");
    size_t have = 0, end = std::string_view::npos;
    while (end == std::string_view::npos) {
      have += Read(have);
      end = std::string_view(buffer_.data(), have).find("\r\n\r\n");
    }
    const std::string_view head(buffer_.data(), end);
    if (head.substr(9, 3) != "200") {
      std::fprintf(stderr, "not 200: %.*s\n", static_cast<int>(head.size()), head.data());
      std::exit(1);
    }
    const size_t length = LengthIn(head);
    for (size_t body = have - end - 4; body < length;) body += Read(0);
    return length;
  }

 private:
  static size_t LengthIn(std::string_view head) {
    static constexpr std::string_view kName = "\r\ncontent-length:";
    const auto at = std::search(head.begin(), head.end(), kName.begin(), kName.end(),
                                [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
    if (at == head.end()) {
      std::fprintf(stderr, "no Content-Length\n");
      std::exit(1);
    }
    return std::strtoul(&*at + kName.size(), nullptr, 10);
  }
  size_t Write(std::string_view bytes) {
    const auto n = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                   : send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return n < 0 ? 0 : static_cast<size_t>(n);
  }
  size_t Read(size_t at) {
    const size_t room = buffer_.size() - at;
    const auto n = tls_ != nullptr ? SSL_read(tls_, buffer_.data() + at, static_cast<int>(room))
                                   : recv(socket_, buffer_.data() + at, room, 0);
    if (n <= 0) Die("read");
    return static_cast<size_t>(n);
  }

  int socket_ = -1;
  SSL* tls_ = nullptr;
  std::vector<char> buffer_ = std::vector<char>(64 << 10);
};

// The same request with another body every time.
std::string Forged(std::string request, size_t offset) {
  static std::atomic<uint64_t> count{static_cast<uint64_t>(Clock::now().time_since_epoch().count())};
  uint64_t bytes = (count.fetch_add(1) + 1) * 0x9e3779b97f4a7c15;
  const size_t body = request.find("\r\n\r\n") + 4;
  for (size_t i = 0; i < 8; ++i, bytes >>= 8) request.at(body + offset + i) = static_cast<char>(bytes);
  return request;
}

struct Outcome {
  std::vector<float> micros;
  size_t body = 0;
};

Outcome RunOne(const Load& load, SSL_CTX* context, size_t first, const std::atomic<bool>& stop) {
  Outcome outcome;
  outcome.micros.reserve(1 << 16);
  std::unique_ptr<Peer> peer;
  std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session(nullptr, SSL_SESSION_free);
  for (size_t i = first; !stop.load(std::memory_order_relaxed); ++i) {
    const auto start = Clock::now();
    if (!peer || load.fresh) peer = std::make_unique<Peer>(load, context, session.get());
    const std::string& request = load.requests[i % load.requests.size()];
    outcome.body = peer->Ask(load.forge ? Forged(request, *load.forge) : request);
    if (load.resume) session.reset(peer->Session());
    outcome.micros.push_back(std::chrono::duration<float, std::micro>(Clock::now() - start).count());
  }
  return outcome;
}

std::vector<std::string> Bodies(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::vector<std::string> bodies;
  for (size_t at = 0; at + 4 <= all.size();) {
    uint32_t length = 0;
    std::memcpy(&length, all.data() + at, 4);
    bodies.push_back(all.substr(at + 4, length));
    at += 4 + length;
  }
  if (bodies.empty()) Die(path.c_str());
  return bodies;
}

Load ReadArguments(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(
        stderr,
        "usage: http_load PORT TARGET CONNECTIONS SECONDS [tls] [new | resume] [post=FILE [forge=OFFSET]]\n");
    std::exit(2);
  }
  Load load;
  load.port = static_cast<uint16_t>(std::atoi(argv[1]));
  load.target = argv[2];
  load.connections = std::atoi(argv[3]);
  load.seconds = std::atof(argv[4]);
  std::vector<std::string> bodies;
  for (int i = 5; i < argc; ++i) {
    const std::string_view word = argv[i];
    load.tls = load.tls || word == "tls";
    load.resume = load.resume || word == "resume";
    load.fresh = load.fresh || load.resume || word == "new";
    if (word.starts_with("post=")) bodies = Bodies(std::string(word.substr(5)));
    if (word.starts_with("forge=")) load.forge = std::strtoul(argv[i] + 6, nullptr, 10);
  }
  const std::string end = std::string("Host: localhost\r\n") + (load.fresh ? "Connection: close\r\n" : "");
  if (bodies.empty()) load.requests = {"GET " + load.target + " HTTP/1.1\r\n" + end + "\r\n"};
  for (const std::string& body : bodies) {
    load.requests.push_back("POST " + load.target + " HTTP/1.1\r\n" + end +
                            "Content-Type: application/octet-stream\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  return load;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const Load load = ReadArguments(argc, argv);
  SSL_CTX* const context = load.tls ? SSL_CTX_new(TLS_client_method()) : nullptr;
  if (context != nullptr) SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);

  std::atomic<bool> stop{false};
  std::vector<Outcome> outcomes(static_cast<size_t>(load.connections));
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    threads.emplace_back(
        [&, i] { outcomes[i] = RunOne(load, context, i * load.requests.size() / outcomes.size(), stop); });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(load.seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  SSL_CTX_free(context);

  std::vector<float> all;
  for (const Outcome& outcome : outcomes) all.insert(all.end(), outcome.micros.begin(), outcome.micros.end());
  std::sort(all.begin(), all.end());
  const auto percentile = [&](double p) {
    return static_cast<double>(all.at(static_cast<size_t>(p * static_cast<double>(all.size() - 1))));
  };
  std::printf(
      "{\"requests\": %zu, \"seconds\": %.3f, \"rate\": %.1f, \"p50\": %.1f, \"p99\": %.1f, \"body\": %zu}\n",
      all.size(), seconds, static_cast<double>(all.size()) / seconds, percentile(0.5), percentile(0.99),
      outcomes.front().body);
  return 0;
}
